//! Output: a buffer in this component's memory before a stream of the host's.

use std::cell::RefCell;
use std::thread::LocalKey;

use crate::Error;
use crate::exports::wasi::io::poll;
use crate::exports::wasi::io::streams::{
    GuestInputStream, GuestOutputStream, InputStreamBorrow, StreamError,
};
use crate::input::Input;
use crate::live::{self, Live};
use crate::pollable::{On, Pollable, wait};
use crate::wasi::io::error::Error as HostError;
use crate::wasi::io::poll::Pollable as HostPollable;
use crate::wasi::io::streams as host;

const CAPACITY: usize = 64;
/// The most that blocking-write-and-flush takes.
const BLOCKING_MAX: u64 = 4096;

enum State {
    /// Takes bytes. May become Draining, Failed or Closed.
    Open,
    /// Passes on what it has, and takes nothing. May become Flushing, Failed or Closed.
    Draining,
    /// The host flushes. May become Open, Failed or Closed.
    Flushing,
    /// Owes its user one error. Becomes Closed when that error is reported.
    Failed(HostError),
    /// Final.
    Closed,
}

struct Progress {
    state: State,
    /// At most `CAPACITY` bytes; none once it has failed or closed.
    buffer: Vec<u8>,
}

/// One standard output, whoever has handles on it.
pub struct Channel {
    /// Of `host`, and so dropped before it.
    pollable: HostPollable,
    host: host::OutputStream,
    progress: RefCell<Progress>,
}

impl Channel {
    pub fn new(host: host::OutputStream) -> Channel {
        let progress =
            RefCell::new(Progress { state: State::Open, buffer: Vec::with_capacity(CAPACITY) });
        Channel { pollable: host.subscribe(), host, progress }
    }

    /// Moves what the host takes now; flushes once all is moved, if that is wanted. Never waits.
    pub fn work(&self) {
        let mut progress = self.progress.borrow_mut();
        while progress.has_work() {
            let result = match self.host.check_write() {
                Ok(0) => return,
                Ok(permit) => self.step(&mut progress, permit),
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                progress.end(error);
            }
        }
    }

    fn step(&self, progress: &mut Progress, permit: u64) -> Result<(), host::StreamError> {
        match progress.state {
            State::Flushing => progress.state = State::Open,
            State::Draining if progress.buffer.is_empty() => {
                progress.state = State::Flushing;
                return self.host.flush();
            }
            _ => {
                let count = progress.buffer.len().min(permit as usize);
                let mut bytes: Vec<u8> = progress.buffer.drain(..count).collect();
                bytes.make_ascii_uppercase();
                return self.host.write(&bytes);
            }
        }
        Ok(())
    }

    /// What has to become ready before it can go on; nothing if there is nothing to do.
    pub fn waits_for(&self) -> Option<&HostPollable> {
        self.progress.borrow().has_work().then_some(&self.pollable)
    }

    pub fn is_ready(&self) -> bool {
        let progress = self.progress.borrow();
        match progress.state {
            State::Open => progress.buffer.len() < CAPACITY,
            State::Draining | State::Flushing => false,
            State::Failed(_) | State::Closed => true,
        }
    }
}

impl Progress {
    fn has_work(&self) -> bool {
        match self.state {
            State::Open => !self.buffer.is_empty(),
            State::Draining | State::Flushing => true,
            State::Failed(_) | State::Closed => false,
        }
    }

    fn end(&mut self, error: host::StreamError) {
        self.buffer.clear();
        self.state = match error {
            host::StreamError::Closed => State::Closed,
            host::StreamError::LastOperationFailed(error) => State::Failed(error),
        };
    }

    /// How much may be written. Reports a failure, once.
    fn permit(&mut self) -> Result<usize, StreamError> {
        match self.state {
            State::Open => Ok(CAPACITY - self.buffer.len()),
            State::Draining | State::Flushing => Ok(0),
            State::Failed(_) => match std::mem::replace(&mut self.state, State::Closed) {
                State::Failed(error) => Err(StreamError::LastOperationFailed(Error::of(error))),
                _ => unreachable!(),
            },
            State::Closed => Err(StreamError::Closed),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        let permit = self.permit()?;
        assert!(bytes.len() <= permit, "more than check-write permits");
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }
}

/// A handle on a channel.
pub struct Output {
    channel: &'static LocalKey<Channel>,
    _live: Live,
}

impl Output {
    pub fn new(channel: &'static LocalKey<Channel>) -> Output {
        Output { channel, _live: Live::new(live::OUTPUT) }
    }

    fn progress<R>(&self, act: impl FnOnce(&mut Progress) -> R) -> R {
        self.channel.with(|channel| act(&mut channel.progress.borrow_mut()))
    }

    /// Waits until check-write would not say 0.
    fn wait(&self) {
        wait(&[&Pollable::new(On::Output(self.channel))]);
    }
}

impl Drop for Output {
    /// Nothing is lost: this may be the last call in which the bytes can go on. It waits for them.
    fn drop(&mut self) {
        if self.channel.with(|channel| channel.waits_for().is_some()) {
            let _ = self.blocking_flush();
        }
    }
}

impl GuestOutputStream for Output {
    fn check_write(&self) -> Result<u64, StreamError> {
        self.progress(|progress| progress.permit().map(|permit| permit as u64))
    }

    fn write(&self, contents: Vec<u8>) -> Result<(), StreamError> {
        self.progress(|progress| progress.write(&contents))
    }

    fn blocking_write_and_flush(&self, contents: Vec<u8>) -> Result<(), StreamError> {
        assert!(contents.len() as u64 <= BLOCKING_MAX, "more than blocking-write-and-flush takes");
        let mut rest = &contents[..];
        while !rest.is_empty() {
            self.wait();
            rest = self.progress(|progress| {
                let (now, later) = rest.split_at(rest.len().min(progress.permit()?));
                progress.write(now).map(|()| later)
            })?;
        }
        self.blocking_flush()
    }

    fn flush(&self) -> Result<(), StreamError> {
        self.progress(|progress| {
            progress.permit()?;
            if let State::Open = progress.state {
                progress.state = State::Draining;
            }
            Ok(())
        })
    }

    fn blocking_flush(&self) -> Result<(), StreamError> {
        self.flush()?;
        self.wait();
        self.check_write().map(|_| ())
    }

    fn subscribe(&self) -> poll::Pollable {
        poll::Pollable::new(Pollable::new(On::Output(self.channel)))
    }

    fn write_zeroes(&self, len: u64) -> Result<(), StreamError> {
        let permit = self.check_write()?;
        assert!(len <= permit, "more than check-write permits");
        self.write(vec![0; len as usize])
    }

    fn blocking_write_zeroes_and_flush(&self, len: u64) -> Result<(), StreamError> {
        assert!(len <= BLOCKING_MAX, "more than blocking-write-zeroes-and-flush takes");
        self.blocking_write_and_flush(vec![0; len as usize])
    }

    fn splice(&self, src: InputStreamBorrow<'_>, len: u64) -> Result<u64, StreamError> {
        let permit = self.check_write()?;
        if permit == 0 {
            return Ok(0);
        }
        let bytes = src.get::<Input>().read(len.min(permit))?;
        let count = bytes.len() as u64;
        self.write(bytes).map(|()| count)
    }

    fn blocking_splice(&self, src: InputStreamBorrow<'_>, len: u64) -> Result<u64, StreamError> {
        self.wait();
        src.get::<Input>().wait();
        self.splice(src, len)
    }
}
