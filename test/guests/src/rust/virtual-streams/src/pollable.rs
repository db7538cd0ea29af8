//! Readiness, and the wait in which the work is done.

use std::thread::LocalKey;

use crate::channel::Channel;
use crate::exports::wasi::io::poll;
use crate::live::{self, Live};
use crate::wasi::io::poll as host;
use crate::{STDERR, STDOUT};

pub enum On {
    Output(&'static LocalKey<Channel>),
    /// What the host says of its stream.
    Input(host::Pollable),
}

pub struct Pollable {
    on: On,
    _live: Live,
}

impl Pollable {
    pub fn new(on: On) -> Pollable {
        Pollable { on, _live: Live::new(live::POLLABLE) }
    }

    fn is_ready(&self) -> bool {
        match &self.on {
            On::Output(channel) => channel.with(Channel::is_ready),
            On::Input(host) => host.ready(),
        }
    }
}

impl poll::GuestPollable for Pollable {
    fn ready(&self) -> bool {
        work();
        self.is_ready()
    }

    fn block(&self) {
        wait(&[self]);
    }
}

/// Moves what can be moved now, of all that was written to whichever stream.
fn work() {
    STDOUT.with(Channel::work);
    STDERR.with(Channel::work);
}

/// Works until at least one is ready, and gives the positions of all that are.
pub fn wait(wanted: &[&Pollable]) -> Vec<u32> {
    loop {
        work();
        let ready: Vec<u32> = (0..)
            .zip(wanted)
            .filter(|(_, pollable)| pollable.is_ready())
            .map(|(at, _)| at)
            .collect();
        if !ready.is_empty() {
            return ready;
        }
        STDOUT.with(|stdout| {
            STDERR.with(|stderr| {
                // An output that is not ready has something to do, and stands here by that.
                let mut hosts: Vec<&host::Pollable> =
                    [stdout, stderr].iter().filter_map(|channel| channel.waits_for()).collect();
                hosts.extend(wanted.iter().filter_map(|pollable| match &pollable.on {
                    On::Output(_) => None,
                    On::Input(host) => Some(host),
                }));
                host::poll(&hosts);
            });
        });
    }
}
