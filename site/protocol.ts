/** What the page and the worker that runs guests tell each other. */

/** A file by its path, without a leading slash. */
export type Files = Readonly<Record<string, Uint8Array>>;

export interface GuestPlan {
  readonly name: string;
  /** A component that was prepared under this number. */
  readonly component: number;
  /** Without the program's own name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What is called, in WAVE; the command itself if nothing. */
  readonly call: string | undefined;
}

/** One end of a channel: a guest by its index, or what is at the edge of the stage. */
export type End =
  | { readonly is: "guest"; readonly index: number }
  /** What is typed, pasted or dropped. It stays open for more if `isLive`. */
  | { readonly is: "input"; readonly bytes: Uint8Array; readonly isLive: boolean }
  | { readonly is: "screen" };

export interface ChannelPlan {
  readonly from: End;
  readonly to: End;
  /** Bytes a second that its gate lets through; `Infinity` for all, 0 for none. */
  readonly rate: number;
}

export interface RunPlan {
  readonly guests: readonly GuestPlan[];
  readonly channels: readonly ChannelPlan[];
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
  | { readonly is: "rate"; readonly channel: number; readonly rate: number }
  /** The same for a stream of a file, as its frame names it. */
  | { readonly is: "file-rate"; readonly guest: number; readonly index: number; readonly rate: number }
  /** Lets so many bytes through a gate, whatever its rate. */
  | { readonly is: "let"; readonly channel: number; readonly bytes: number }
  | { readonly is: "file-let"; readonly guest: number; readonly index: number; readonly bytes: number }
  /** More for a live input; nothing more comes after `isLast`. */
  | { readonly is: "type"; readonly channel: number; readonly bytes: Uint8Array; readonly isLast: boolean }
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
  | { readonly is: "stopped" };

export type FromWorker =
  | { readonly is: "ready"; readonly canSuspend: boolean }
  | { readonly is: "frame"; readonly frame: Frame }
  | { readonly is: "ended"; readonly guest: number; readonly ending: Ending; readonly at: number }
  /** All guests have ended. `files` are all that there are now. */
  | { readonly is: "over"; readonly files: Files };
