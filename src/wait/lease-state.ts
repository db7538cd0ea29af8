/** The state of a lease as WebAssembly has it, and what that answers: see `Lease`, and lease-code.ts. */

/** Bytes that a lease takes before its stream has to: with its state no more than a page. */
export const STAGED_BYTES: number = 60 * 1024;

// Where the state of the open lease is in the memory, in bytes. All are i32.
/** The number of the lease, or 0 if none is open. */
export const HOLDER = 0;
/** The handle of its stream, or 0. */
export const STREAM = 4;
/** The handle of a pollable on its stream, or 0. */
export const POLLABLE = 8;
/** What the next check-write grants: the stream is ready as long as this is not 0. */
export const ROOM = 12;
/** What the last check-write has granted and no write has spent. */
export const GRANTED = 16;
export const STAGED = 20;
/** How many more calls the guest may make before it is asked how long it has kept the event loop. */
export const CALLS = 24;
/** How many of its calls were about the pollable. */
export const POLLS = 28;
/** How many bytes may be staged. */
export const MOST_STAGED = 32;
export const BYTES = 64;

/** The functions that a lease may answer. */
export type FrontName = "check-write" | "write" | "block" | "ready" | "poll";

/** What each needs of the guest's, beside the memory of the leases and the number of its lease. */
export const FRONT_NEEDS: Readonly<Record<FrontName, { readonly memory?: true; readonly realloc?: true }>> = {
  "check-write": { memory: true },
  write: { memory: true },
  block: {},
  ready: {},
  poll: { memory: true, realloc: true },
};
