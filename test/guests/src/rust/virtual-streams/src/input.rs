//! Input: the host's, given on.

use crate::Error;
use crate::exports::wasi::io::poll;
use crate::exports::wasi::io::streams::{GuestInputStream, StreamError};
use crate::live::{self, Live};
use crate::pollable::{On, Pollable, wait};
use crate::wasi::io::streams as host;

pub struct Input {
    host: host::InputStream,
    _live: Live,
}

impl Input {
    pub fn new(host: host::InputStream) -> Input {
        Input { host, _live: Live::new(live::INPUT) }
    }

    /// Waits as everything here waits: what was written goes on meanwhile.
    pub fn wait(&self) {
        wait(&[&Pollable::new(On::Input(self.host.subscribe()))]);
    }
}

impl GuestInputStream for Input {
    fn read(&self, len: u64) -> Result<Vec<u8>, StreamError> {
        self.host.read(len).map_err(given_on)
    }

    fn blocking_read(&self, len: u64) -> Result<Vec<u8>, StreamError> {
        self.wait();
        self.read(len)
    }

    fn skip(&self, len: u64) -> Result<u64, StreamError> {
        self.host.skip(len).map_err(given_on)
    }

    fn blocking_skip(&self, len: u64) -> Result<u64, StreamError> {
        self.wait();
        self.skip(len)
    }

    fn subscribe(&self) -> poll::Pollable {
        poll::Pollable::new(Pollable::new(On::Input(self.host.subscribe())))
    }
}

fn given_on(error: host::StreamError) -> StreamError {
    match error {
        host::StreamError::Closed => StreamError::Closed,
        host::StreamError::LastOperationFailed(error) => {
            StreamError::LastOperationFailed(Error::of(error))
        }
    }
}
