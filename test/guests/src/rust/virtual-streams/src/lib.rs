//! Streams that a component implements: wasi:io and the standard streams over those of its host.
//! What is written comes out in upper case; what is read comes as it is.
//!
//! An output takes up to `CAPACITY` bytes into this component's own memory, and its user learns by
//! `check-write` how many. A component only runs when it is called, so that the bytes go on to the
//! host when the user waits, in `poll`, `pollable.block` or `blocking-*`, or drops the stream.

mod channel;
mod files;
mod input;
mod live;
mod pollable;

wit_bindgen::generate!({ world: "virtual-streams", path: "wit", generate_all });

use exports::sluice::guests::virtual_stats;
use exports::wasi::cli;
use exports::wasi::io::{error, poll, streams};

use lol_alloc::{AssumeSingleThreaded, FreeListAllocator};

use channel::{Channel, Output};
use input::Input;
use live::Live;
use pollable::Pollable;

/// 8 KiB smaller than the usual one.
#[global_allocator]
static ALLOCATOR: AssumeSingleThreaded<FreeListAllocator> =
    // A component of this kind has one thread.
    unsafe { AssumeSingleThreaded::new(FreeListAllocator::new()) };

struct Component;

/// An error of one of the host's streams, as one of ours.
struct Error {
    host: wasi::io::error::Error,
    _live: Live,
}

impl Error {
    fn of(host: wasi::io::error::Error) -> error::Error {
        error::Error::new(Error { host, _live: Live::new(live::ERROR) })
    }
}

impl error::GuestError for Error {
    fn to_debug_string(&self) -> String {
        "virtual: ".to_owned() + &self.host.to_debug_string()
    }
}

impl error::Guest for Component {
    type Error = Error;
}

impl poll::Guest for Component {
    type Pollable = Pollable;

    fn poll(pollables: Vec<poll::PollableBorrow<'_>>) -> Vec<u32> {
        assert!(!pollables.is_empty(), "nothing could ever end the wait");
        pollable::wait(
            &pollables.iter().map(|pollable| pollable.get::<Pollable>()).collect::<Vec<_>>(),
        )
    }
}

impl streams::Guest for Component {
    type InputStream = Input;
    type OutputStream = Output;
}

impl cli::stdin::Guest for Component {
    fn get_stdin() -> streams::InputStream {
        streams::InputStream::new(Input::new(wasi::cli::stdin::get_stdin()))
    }
}

thread_local! {
    static STDOUT: Channel = Channel::new(wasi::cli::stdout::get_stdout());
    static STDERR: Channel = Channel::new(wasi::cli::stderr::get_stderr());
}

impl cli::stdout::Guest for Component {
    fn get_stdout() -> streams::OutputStream {
        streams::OutputStream::new(Output::new(&STDOUT))
    }
}

impl cli::stderr::Guest for Component {
    fn get_stderr() -> streams::OutputStream {
        streams::OutputStream::new(Output::new(&STDERR))
    }
}

impl virtual_stats::Guest for Component {
    fn live() -> virtual_stats::Counts {
        virtual_stats::Counts {
            errors: live::count(live::ERROR),
            pollables: live::count(live::POLLABLE),
            input_streams: live::count(live::INPUT),
            output_streams: live::count(live::OUTPUT),
        }
    }
}

export!(Component);
