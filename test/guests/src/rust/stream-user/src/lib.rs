//! Uses the streams of wasi:io one step at a time, as its caller says, and says what it saw. The
//! steps are explained in wit/world.wit.

use std::cell::RefCell;

wit_bindgen::generate!({ world: "stream-user", path: "wit", generate_all });

use wasi::cli::{stdin, stdout};
use wasi::io::poll::{self, Pollable};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

/// What it writes, again and again.
const TEXT: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz\n";

/// What it has from the one step to the next. A pollable is dropped before its stream.
#[derive(Default)]
struct User {
    pollable: Option<Pollable>,
    output: Option<OutputStream>,
    input: Option<InputStream>,
    written: usize,
}

impl User {
    fn step(&mut self, step: &str) -> String {
        let (name, argument) = step.split_once(':').unwrap_or((step, ""));
        let count = || argument.parse::<usize>().expect("a number");
        match name {
            "check" => said(self.output().check_write()),
            "write" => {
                let bytes = self.text(count());
                done(self.output().write(&bytes))
            }
            "flush" => done(self.output().flush()),
            "blocking-flush" => done(self.output().blocking_flush()),
            "blocking-write" => {
                let bytes = self.text(count());
                done(self.output().blocking_write_and_flush(&bytes))
            }
            "zeroes" => done(self.output().write_zeroes(count() as u64)),
            "splice" => {
                self.input();
                let (output, input) =
                    (self.output.get_or_insert_with(stdout::get_stdout), &self.input);
                said(output.splice(input.as_ref().expect("an input"), count() as u64))
            }
            "read" => said(self.input().read(count() as u64).map(text_of)),
            "blocking-read" => said(self.input().blocking_read(count() as u64).map(text_of)),
            "subscribe" => {
                self.pollable = Some(self.output().subscribe());
                "ok".into()
            }
            "ready" => self.pollable().ready().to_string(),
            "block" => {
                self.pollable().block();
                "ok".into()
            }
            "drop-pollable" => {
                self.pollable = None;
                "ok".into()
            }
            "poll" => self.poll(argument),
            "drop" => {
                *self = User { written: self.written, ..User::default() };
                "ok".into()
            }
            _ => panic!("there is no such step"),
        }
    }

    fn output(&mut self) -> &OutputStream {
        self.output.get_or_insert_with(stdout::get_stdout)
    }

    fn input(&mut self) -> &InputStream {
        self.input.get_or_insert_with(stdin::get_stdin)
    }

    fn pollable(&self) -> &Pollable {
        self.pollable.as_ref().expect("a pollable")
    }

    fn poll(&mut self, letters: &str) -> String {
        let pollables: Vec<Pollable> =
            letters
                .chars()
                .map(|letter| {
                    if letter == 'o' { self.output().subscribe() } else { self.input().subscribe() }
                })
                .collect();
        let ready = poll::poll(&pollables.iter().collect::<Vec<_>>());
        ready.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
    }

    fn text(&mut self, count: usize) -> Vec<u8> {
        let text =
            TEXT.iter().copied().cycle().skip(self.written % TEXT.len()).take(count).collect();
        self.written += count;
        text
    }
}

fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

fn done(result: Result<(), StreamError>) -> String {
    said(result.map(|()| "ok"))
}

fn said(result: Result<impl ToString, StreamError>) -> String {
    match result {
        Ok(value) => value.to_string(),
        Err(StreamError::Closed) => "closed".into(),
        Err(StreamError::LastOperationFailed(error)) => {
            format!("failed: {}", error.to_debug_string())
        }
    }
}

thread_local! { static USER: RefCell<User> = RefCell::default(); }

struct Component;

impl exports::sluice::guests::steps::Guest for Component {
    fn play(steps: String) -> Vec<String> {
        USER.with_borrow_mut(|user| steps.split_whitespace().map(|step| user.step(step)).collect())
    }
}

export!(Component);
