//! Answers requests: a route for each claim. What follows the route in the path is its argument.

use std::cell::Cell;

wit_bindgen::generate!({ world: "http-handler", path: "wit", generate_all });

use exports::wasi::http::incoming_handler::Guest;
use wasi::cli::stdout::get_stdout;
use wasi::http::outgoing_handler;
use wasi::http::types::{
    ErrorCode, Fields, FutureTrailers, IncomingBody, IncomingRequest, OutgoingBody,
    OutgoingRequest, OutgoingResponse, ResponseOutparam, Scheme,
};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

struct Handler;
export!(Handler);

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

impl Guest for Handler {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let mut parts = path.split(['/', '?']).skip(1);
        let route = parts.next().unwrap_or_default();
        let argument = parts.next().unwrap_or_default();
        let number = argument.parse::<usize>().unwrap_or(0);
        match route {
            "hello" => Answer::ok(out).say(b"hello"),
            // What it was asked, a line each.
            "describe" => Answer::ok(out).say(describe(&request).as_bytes()),
            // How many requests this instance has answered.
            "count" => {
                COUNT.set(COUNT.get() + 1);
                Answer::ok(out).say(COUNT.get().to_string().as_bytes());
            }
            // The body comes back as it comes, and its trailers.
            "echo" => {
                let (body, input) = consume(&request);
                let answer = Answer::ok(out);
                copy(&input, &answer.stream);
                drop(input);
                answer.finish(trailers_of(body));
            }
            "trailers" => {
                let answer = Answer::ok(out);
                answer.write(b"body");
                answer.finish(Some(fields(&[("x-sum", b"1"), ("x-sum", b"2"), ("x-latin", b"\xe9")])));
            }
            // Without a body.
            "status" => {
                let response = OutgoingResponse::new(fields(&[("x-status", argument.as_bytes())]));
                match response.set_status_code(number as u16) {
                    Ok(()) => ResponseOutparam::set(out, Ok(response)),
                    Err(()) => Answer::ok(out).say(b"refused"),
                }
            }
            // Fields in this order, bytes of Latin-1, duplicates.
            "fields" => {
                let list: &[(&str, &[u8])] =
                    &[("set-cookie", b"a=1"), ("x-latin", b"\xe9\xff"), ("set-cookie", b"b=2"), ("x-empty", b"")];
                Answer::new(out, 200, fields(list)).finish(None);
            }
            // A flush for each event.
            "events" => {
                let answer = Answer::new(out, 200, fields(&[("content-type", b"text/event-stream")]));
                for event in 0..number {
                    answer.write(format!("data: {event}\n\n").as_bytes());
                }
                answer.finish(None);
            }
            // As many bytes, by permits.
            "large" => {
                let answer = Answer::ok(out);
                large(&answer.stream, number);
                answer.finish(None);
            }
            // Announces 5 bytes, and writes as many as it is told to: prints what came of it.
            "length" => {
                let Answer { body, stream } = Answer::new(out, 200, fields(&[("content-length", b"5")]));
                let wrote = stream.blocking_write_and_flush(&vec![b'x'; number]);
                drop(stream);
                let finished = OutgoingBody::finish(body, None);
                print(&format!("{} {finished:?}", if wrote.is_ok() { "ok" } else { "err" }));
            }
            // To the authority that x-forward-to has, with method, body and trailers; the same back.
            "forward" => forward(&request, out),
            "trap" => panic!(),
            "trap-after" => {
                let answer = Answer::ok(out);
                answer.write(b"part");
                panic!();
            }
            // As many bytes as it is told to, for which there is room, finished. Then it traps.
            "finished" => {
                let answer = Answer::ok(out);
                let mut left = number;
                while left > 0 {
                    let piece = left.min(answer.stream.check_write().expect("permit") as usize);
                    answer.stream.write(&vec![b'x'; piece]).expect("write");
                    left -= piece;
                }
                answer.finish(None);
                panic!();
            }
            "return" => drop(out),
            "error" => ResponseOutparam::set(out, Err(ErrorCode::DnsTimeout)),
            // Drops the body that it has begun.
            "unfinished" => Answer::ok(out).write(b"part"),
            // Leaves it behind when it returns.
            "left" => {
                let answer = Answer::ok(out);
                answer.write(b"part");
                std::mem::forget(answer);
            }
            // Drops what it was to answer with, and reads on.
            "dropped" => {
                drop(out);
                drain(&request);
            }
            // Answers, and only then reads: prints what came.
            "after" => {
                Answer::new(out, 202, Fields::new()).finish(None);
                print(&drain(&request));
            }
            // Prints what came, and answers with it.
            "read" => {
                let read = drain(&request);
                print(&read);
                Answer::ok(out).say(read.as_bytes());
            }
            _ => Answer::new(out, 404, Fields::new()).finish(None),
        }
    }
}

/// A response on its way. The stream is dropped before the body.
struct Answer {
    stream: OutputStream,
    body: OutgoingBody,
}

impl Answer {
    fn new(out: ResponseOutparam, status: u16, headers: Fields) -> Self {
        let response = OutgoingResponse::new(headers);
        response.set_status_code(status).expect("status");
        let body = response.body().expect("body");
        ResponseOutparam::set(out, Ok(response));
        Self { stream: body.write().expect("stream"), body }
    }

    fn ok(out: ResponseOutparam) -> Self {
        Self::new(out, 200, Fields::new())
    }

    /// The client may have left.
    fn write(&self, bytes: &[u8]) {
        let _ = self.stream.blocking_write_and_flush(bytes);
    }

    fn finish(self, trailers: Option<Fields>) {
        drop(self.stream);
        let _ = OutgoingBody::finish(self.body, trailers);
    }

    fn say(self, text: &[u8]) {
        self.write(text);
        self.finish(None);
    }
}

fn fields(list: &[(&str, &[u8])]) -> Fields {
    let list: Vec<_> = list.iter().map(|(name, value)| (name.to_string(), value.to_vec())).collect();
    Fields::from_list(&list).expect("fields")
}

fn describe(request: &IncomingRequest) -> String {
    let mut text = format!(
        "{:?} {:?} {:?} {:?}\n",
        request.method(),
        request.scheme(),
        request.authority(),
        request.path_with_query(),
    );
    for (name, value) in request.headers().entries() {
        text += &format!("{name}: {}\n", value.escape_ascii());
    }
    text
}

fn consume(request: &IncomingRequest) -> (IncomingBody, InputStream) {
    let body = request.consume().expect("consume");
    let input = body.stream().expect("stream");
    (body, input)
}

/// Until either side is at its end.
fn copy(from: &InputStream, to: &OutputStream) {
    while let Ok(bytes) = from.blocking_read(4096) {
        if to.blocking_write_and_flush(&bytes).is_err() {
            break;
        }
    }
}

fn trailers_of(body: IncomingBody) -> Option<Fields> {
    let future: FutureTrailers = IncomingBody::finish(body);
    future.subscribe().block();
    let trailers = future.get().expect("ready").expect("once");
    trailers.ok().flatten().map(|fields| fields.clone())
}

/// How much came, and how it ended.
fn drain(request: &IncomingRequest) -> String {
    let (_body, input) = consume(request);
    let mut count = 0;
    loop {
        match input.blocking_read(65_536) {
            Ok(bytes) => count += bytes.len(),
            Err(StreamError::Closed) => return format!("{count} closed"),
            Err(StreamError::LastOperationFailed(error)) => {
                let code = wasi::http::types::http_error_code(&error);
                return format!("{count} {code:?} {}", input.read(1).is_err());
            }
        }
    }
}

fn large(stream: &OutputStream, count: usize) {
    let ready = stream.subscribe();
    let mut left = count;
    while left > 0 {
        ready.block();
        let Ok(permit) = stream.check_write() else { return };
        let piece = left.min(permit as usize);
        if stream.write(&vec![b'x'; piece]).is_err() {
            return;
        }
        left -= piece;
    }
}

fn forward(request: &IncomingRequest, out: ResponseOutparam) {
    let headers = request.headers();
    let to = headers.get("x-forward-to").pop().expect("x-forward-to");
    let onward = OutgoingRequest::new(fields(&[("x-forwarded", b"yes")]));
    onward.set_method(&request.method()).expect("method");
    onward.set_scheme(Some(&Scheme::Http)).expect("scheme");
    onward.set_authority(std::str::from_utf8(&to).ok()).expect("authority");
    let path = request.path_with_query().unwrap_or_default();
    onward.set_path_with_query(path.strip_prefix("/forward")).expect("path");
    let sending = onward.body().expect("body");
    let future = match outgoing_handler::handle(onward, None) {
        Ok(future) => future,
        Err(code) => return ResponseOutparam::set(out, Err(code)),
    };
    let (body, input) = consume(request);
    let stream = sending.write().expect("stream");
    copy(&input, &stream);
    drop((input, stream));
    let _ = OutgoingBody::finish(sending, trailers_of(body));
    future.subscribe().block();
    let response = match future.get().expect("ready").expect("once") {
        Ok(response) => response,
        Err(code) => return ResponseOutparam::set(out, Err(code)),
    };
    let answer = Answer::new(out, response.status(), response.headers().clone());
    let body = response.consume().expect("consume");
    let input = body.stream().expect("stream");
    copy(&input, &answer.stream);
    drop(input);
    answer.finish(trailers_of(body));
}

fn print(text: &str) {
    let _ = get_stdout().blocking_write_and_flush(format!("{text}\n").as_bytes());
}
