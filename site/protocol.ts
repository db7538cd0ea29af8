/** What the page and the worker that runs guests tell each other. */

/** A file by its path, without a leading slash. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** What a guest that answers requests is asked. */
export interface RequestPlan {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface GuestPlan {
  readonly name: string;
  /** A component that was prepared under this number. */
  readonly component: number;
  /** Without the program's own name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What is called, in WAVE; the command itself if nothing. */
  readonly call: string | undefined;
  /** What it is asked by HTTP, in the place of a call: its input is the body of that, its output that of its answer. */
  readonly request: RequestPlan | undefined;
  /** Whom it asks when it sends requests, by its index; the page, which sends back what it is sent, if nobody. */
  readonly server: number | undefined;
  /** Where its pipe begins and ends, if that is a terminal: one of `RunPlan.terminals`. */
  readonly terminal: number | undefined;
}

/** One end of a channel: a guest by its index, or what is at the edge of the stage. */
export type End =
  | { readonly is: "guest"; readonly index: number }
  /** What is typed, pasted or dropped. It stays open for more if `isLive`. */
  | { readonly is: "input"; readonly bytes: Uint8Array; readonly isLive: boolean }
  | { readonly is: "screen" }
  /** The guest that asks the one at the other end: bodies of all that it sends, and of all that it is answered. */
  | { readonly is: "asker"; readonly index: number }
  /** One of `RunPlan.terminals`: what is typed there, or what is shown. */
  | { readonly is: "terminal"; readonly terminal: number };

export interface TerminalPlan {
  readonly columns: number;
  readonly rows: number;
}

/** What a terminal tells the programs in it. */
export type TerminalEvent =
  /** A line, or the end of input if it is empty. */
  | { readonly is: "typed"; readonly bytes: readonly number[] }
  /** It has shown most of what it was given. */
  | { readonly is: "shown" }
  /** As those of POSIX are called. */
  | { readonly is: "signal"; readonly name: string };

export interface ChannelPlan {
  readonly from: End;
  readonly to: End;
  /** Bytes a second that its gate lets through; `Infinity` for all, 0 for none. */
  readonly rate: number;
}

export interface RunPlan {
  readonly guests: readonly GuestPlan[];
  readonly channels: readonly ChannelPlan[];
  readonly terminals: readonly TerminalPlan[];
  readonly files: Files;
  /** Bytes a second that a guest reads of a file, or writes to it, until somebody moves its gate. */
  readonly fileRate: number;
  /** The most that an output holds before its gate. */
  readonly bufferBytes: number;
}

export type ToWorker =
  /** Compiles a component, so that a run begins at once. */
  | { readonly is: "prepare"; readonly component: number; readonly bytes: Uint8Array }
  /** It will not run again. */
  | { readonly is: "forget"; readonly component: number }
  | { readonly is: "run"; readonly plan: RunPlan }
  /** Runs it so that nobody sees: what a run needs is loaded then, and V8 has seen it once. */
  | { readonly is: "rehearse"; readonly plan: RunPlan }
  | { readonly is: "rate"; readonly channel: number; readonly rate: number }
  /** The same for a stream of a file, as its frame names it. */
  | { readonly is: "file-rate"; readonly guest: number; readonly index: number; readonly rate: number }
  /** Lets so many bytes through a gate, whatever its rate. */
  | { readonly is: "let"; readonly channel: number; readonly bytes: number }
  | { readonly is: "file-let"; readonly guest: number; readonly index: number; readonly bytes: number }
  /** More for a live input; nothing more comes after `isLast`. */
  | { readonly is: "type"; readonly channel: number; readonly bytes: Uint8Array; readonly isLast: boolean }
  | { readonly is: "terminal"; readonly terminal: number; readonly event: TerminalEvent }
  | { readonly is: "stop" };

/** What a channel is doing now. */
export interface ChannelFrame {
  /** Bytes before the gate. */
  readonly bufferedBytes: number;
  readonly capacityBytes: number;
  /** What `check-write` permits the writer. */
  readonly permittedBytes: number;
  readonly state: "open" | "flushing" | "failed" | "closed";
  readonly writerWaits: boolean;
  readonly readerWaits: boolean;
  /** All that has been put before the gate. */
  readonly writtenBytes: number;
  /** All that has gone through the gate. */
  readonly passedBytes: number;
}

/** All that one guest reads of a file, or writes to it. */
export interface FileFrame extends ChannelFrame {
  readonly guest: number;
  /** Among those of the guest. */
  readonly index: number;
  readonly path: string;
  readonly isWritten: boolean;
}

export const CALL_KINDS = ["read", "write", "permit", "flush", "wait", "files", "other"] as const;

/** What a call is about; see worker/recorder.ts. */
export type CallKind = (typeof CALL_KINDS)[number];

/** So many calls of one kind, in one tenth of a millisecond. */
export interface CallCount {
  readonly guest: number;
  readonly kind: CallKind;
  /** Milliseconds since the run began. */
  readonly at: number;
  readonly count: number;
}

/** One call in words. */
export interface Call {
  readonly guest: number;
  /** Milliseconds since the run began. */
  readonly at: number;
  readonly text: string;
}

/** How a guest is. */
export interface GuestFrame {
  /** How many calls it has made. */
  readonly calls: number;
  /** Whether it makes no more, and what it wrote is still on its way. */
  readonly isLeaving: boolean;
}

export interface Shown {
  readonly channel: number;
  readonly bytes: Uint8Array;
  /** Bytes that were left out before these, since nobody could read so fast. */
  readonly skipped: number;
}

export interface Frame {
  /** Milliseconds since the run began. */
  readonly at: number;
  readonly channels: readonly ChannelFrame[];
  /** Each from its first byte on. */
  readonly files: readonly FileFrame[];
  readonly counts: readonly CallCount[];
  /** Some of the calls. */
  readonly calls: readonly Call[];
  readonly guests: readonly GuestFrame[];
  readonly shown: readonly Shown[];
  /** What guests wrote to standard error, in order. */
  readonly complaints: readonly { readonly guest: number; readonly text: string }[];
}

/** How a guest ended. */
export type Ending =
  | { readonly is: "exited"; readonly code: number }
  /** What a function gave, in WAVE; empty if nothing. */
  | { readonly is: "returned"; readonly value: string }
  | { readonly is: "failed"; readonly name: string; readonly message: string; readonly rule: string | undefined }
  /** Its answer has been delivered. */
  | { readonly is: "answered"; readonly status: number }
  /** Who asks it asks no more. */
  | { readonly is: "served"; readonly requests: number }
  /** By Ctrl-C. */
  | { readonly is: "interrupted" }
  | { readonly is: "stopped" };

/** The head of an answer is there; its body is on its way. */
export interface Answered {
  /** Who has answered. */
  readonly guest: number;
  readonly request: Pick<RequestPlan, "method" | "path">;
  readonly status: number;
  readonly headers: RequestPlan["headers"];
}

export type FromWorker =
  | { readonly is: "ready"; readonly canSuspend: boolean }
  | { readonly is: "rehearsed" }
  | { readonly is: "frame"; readonly frame: Frame }
  | ({ readonly is: "answered" } & Answered)
  /** What is to be shown in a terminal. */
  | { readonly is: "terminal"; readonly terminal: number; readonly bytes: readonly number[] }
  | { readonly is: "ended"; readonly guest: number; readonly ending: Ending; readonly at: number }
  /** All guests have ended. `files` are all that there are now. */
  | { readonly is: "over"; readonly files: Files };
