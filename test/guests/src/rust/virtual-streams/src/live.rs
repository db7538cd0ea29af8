//! How many resources of each kind are alive.

use std::cell::Cell;

pub const ERROR: usize = 0;
pub const POLLABLE: usize = 1;
pub const INPUT: usize = 2;
pub const OUTPUT: usize = 3;

thread_local! { static COUNTS: [Cell<u32>; 4] = const { [const { Cell::new(0) }; 4] }; }

pub fn count(kind: usize) -> u32 {
    COUNTS.with(|counts| counts[kind].get())
}

/// Counts while it is there.
pub struct Live(usize);

impl Live {
    pub fn new(kind: usize) -> Live {
        COUNTS.with(|counts| counts[kind].update(|count| count + 1));
        Live(kind)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        COUNTS.with(|counts| counts[self.0].update(|count| count - 1));
    }
}
