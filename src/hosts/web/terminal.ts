/** A terminal of a page, as a guest's standard streams. */
import { faultIn, guarded, misbehaved } from "../../io/checked-ports.ts";
import { PendingSink } from "../../io/pending-sink.ts";
import { none, PeerClosed, type Source } from "../../io/ports.ts";
import type { InternalError } from "../../io/trap.ts";
import { Signal, type Waker } from "../../io/readiness.ts";
import { hasMethods, isCount, unawaited } from "../../io/shape.ts";
import { told } from "../../io/told.ts";
import { Unheard } from "../../io/unheard.ts";

/** Columns or rows of a terminal, as its programs are told: 16 bits each. */
const MAX_SIZE = 65_535;
/** Handed to the terminal at once. */
const PIECE_BYTES = 4096;

/** The side of programs of a pseudo-terminal, as `openpty()` of `xterm-pty` gives it: `slave`. */
export interface TerminalSide {
  /** Whether there is a line (or, in raw mode, anything) to read. */
  readonly readable: boolean;
  /** All of it. */
  read(): number[];
  write(bytes: number[]): void;
  /** Also at the end of input (Ctrl-D), when nothing is readable. */
  onReadable(listener: () => void): { dispose(): void };
  /** When the terminal has shown most of what it was given. */
  onWritable(listener: () => void): { dispose(): void };
  onSignal(listener: (signal: string) => void): { dispose(): void };
  /** Columns and rows. */
  ioctl(request: "TIOCGWINSZ"): readonly [columns: number, rows: number];
}

/** What to give a guest so that it is the program of a terminal. */
export interface TerminalStreams {
  readonly stdin: Source;
  readonly stdout: PendingSink;
  readonly stderr: PendingSink;
  /** `TERM`, and `COLUMNS` and `LINES` as they are now. */
  readonly env: Readonly<Record<string, string>>;
  /** Aborted, with an `InterruptedError`, by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Lets go of the terminal: what is typed from now on is for whoever opens it next. */
  close(): void;
}

/** The user of a terminal pressed Ctrl-C. */
export class InterruptedError extends Error {
  override readonly name: string = "InterruptedError";

  constructor() {
    super("interrupted by Ctrl-C");
  }
}

/**
 * A terminal as the streams of one guest: typed lines are its standard input, which Ctrl-D ends, and both outputs are shown
 * as fast as the terminal shows them. The guest hears that it has a terminal.
 *
 * @param side Who keeps the lines is the pseudo-terminal's business: editing, echo, and what Ctrl-C is.
 * @throws {TypeError} If it is no side of a terminal.
 * @throws {InternalError} If `side` throws, or gives what it is not to give.
 */
export function openTerminal(side: TerminalSide): TerminalStreams {
  if (!hasMethods<TerminalSide>(side, "read", "write", "onReadable", "onWritable", "onSignal", "ioctl")) {
    throw new TypeError(`A terminal must be what openpty() of xterm-pty gives as slave; got ${told(side)}`);
  }
  const interrupted = new AbortController();
  const [columns, rows] = sizeOf(side);
  const stdin = new TerminalSource(side);
  const screen = new Screen(side);
  const signals = guarded("terminal.onSignal", () =>
    side.onSignal((signal) => {
      if (signal === "SIGINT") interrupted.abort(new InterruptedError());
    }),
  );
  return {
    stdin,
    stdout: new TerminalSink(screen),
    stderr: new TerminalSink(screen),
    env: { TERM: "xterm-256color", COLUMNS: String(columns), LINES: String(rows) },
    signal: interrupted.signal,
    close() {
      const unheard = new Unheard();
      unheard.call("terminal.onSignal", () => signals.dispose());
      stdin.close();
      screen.close(unheard);
      unheard.tell();
    },
  };
}

function sizeOf(side: TerminalSide): readonly [columns: number, rows: number] {
  const port = "terminal.ioctl";
  const size: unknown = guarded(port, () => side.ioctl("TIOCGWINSZ"));
  return guarded(port, () => {
    const [columns, rows]: readonly unknown[] = Array.isArray(size) ? size : [];
    if (isCount(columns, MAX_SIZE) && isCount(rows, MAX_SIZE)) return [columns, rows];
    throw misbehaved(port, "columns and rows", size);
  });
}

/** What `side` gives, as bytes. @throws {InternalError} If it is none. */
function typedBytes(side: TerminalSide): Uint8Array {
  const port = "terminal.read";
  const given: unknown = guarded(port, () => side.read());
  return guarded(port, () => {
    if (Array.isArray(given) && given.every((byte) => isCount(byte, 255))) return Uint8Array.from(given);
    throw misbehaved(port, "an array of bytes", given);
  });
}

/**
 * What has been typed and not been read, whoever is to read it: the next guest gets what this one has left. Taken as it
 * comes, since the end of input is a time at which nothing more has come.
 */
class Typed {
  readonly changed = new Signal();
  /** An empty one is the end of the input of whoever reads it. */
  readonly #pieces: Uint8Array[] = [];
  /** What the terminal did in the place of giving what was typed, for whoever reads next. */
  #fault: InternalError | undefined;

  constructor(side: TerminalSide) {
    if (guarded("terminal.readable", () => side.readable)) this.#pieces.push(typedBytes(side));
    guarded("terminal.onReadable", () =>
      side.onReadable(() => {
        try {
          this.#pieces.push(typedBytes(side));
        } catch (cause) {
          // Who calls this back is not to hear of it.
          this.#fault = faultIn("terminal.read", cause);
        }
        this.changed.notify();
      }),
    );
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0 && !this.#fault;
  }

  /** At most `max` bytes, or the end. */
  take(max: number): Uint8Array | null {
    const piece = this.#pieces.shift();
    if (!piece) {
      const fault = this.#fault;
      this.#fault = undefined;
      if (fault) throw fault;
      return none();
    }
    if (piece.length === 0) return null;
    if (piece.length > max) this.#pieces.unshift(piece.subarray(max));
    return piece.subarray(0, max);
  }
}

/** One for each terminal, as it hears of everything once. */
const typed = new WeakMap<TerminalSide, Typed>();

function typedOn(side: TerminalSide): Typed {
  const known = typed.get(side) ?? new Typed(side);
  typed.set(side, known);
  return known;
}

/** What is typed, for one guest. */
class TerminalSource implements Source {
  readonly isTerminal = true;
  readonly #typed: Typed;
  #isOver = false;

  constructor(side: TerminalSide) {
    this.#typed = typedOn(side);
  }

  read(max: number): Uint8Array | null {
    if (this.#isOver) return null;
    if (max === 0) return none();
    const bytes = this.#typed.take(max);
    this.#isOver = bytes === null;
    return bytes;
  }

  ready(): boolean {
    return this.#isOver || !this.#typed.isEmpty;
  }

  watch(waker: Waker): void {
    this.#typed.changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#typed.changed.unwatch(waker);
  }

  close(): void {
    this.#isOver = true;
  }
}

/** What is shown: it takes one piece after the other, whichever output they are of. */
class Screen {
  readonly #side: TerminalSide;
  readonly #outputs = new Set<TerminalSink>();
  readonly #listening: { dispose(): void };
  /** Who has given a piece that is not shown yet. */
  #busy: TerminalSink | undefined;
  #isClosed = false;

  constructor(side: TerminalSide) {
    this.#side = side;
    this.#listening = guarded("terminal.onWritable", () => side.onWritable(() => this.#shown()));
  }

  #shown(): void {
    const shown = this.#busy;
    this.#busy = undefined;
    shown?.shown();
    for (const output of this.#outputs) output.mayFit();
  }

  add(output: TerminalSink): void {
    this.#outputs.add(output);
  }

  /** @returns How many it took. */
  show(output: TerminalSink, bytes: Uint8Array): number {
    if (this.#isClosed) throw new PeerClosed();
    if (this.#busy || bytes.length === 0) return 0;
    const piece = Array.from(bytes.subarray(0, PIECE_BYTES));
    // It may be shown before this returns.
    this.#busy = output;
    output.given();
    try {
      unawaited(this.#side.write(piece));
    } catch (cause) {
      // The other output is not to wait for it.
      if (this.#busy === output) this.#shown();
      throw faultIn("terminal.write", cause);
    }
    return piece.length;
  }

  close(unheard: Unheard): void {
    this.#isClosed = true;
    unheard.call("terminal.onWritable", () => this.#listening.dispose());
    for (const output of this.#outputs) output.left();
  }
}

class TerminalSink extends PendingSink {
  readonly isTerminal = true;
  readonly #screen: Screen;

  constructor(screen: Screen) {
    super();
    this.#screen = screen;
    screen.add(this);
  }

  write(bytes: Uint8Array): number {
    return this.#screen.show(this, bytes);
  }

  // The terminal outlives the guest.
  close(): void {}
  abort(): void {}

  given(): void {
    this.begin();
  }

  shown(): void {
    this.done();
  }

  mayFit(): void {
    this.wake();
  }

  left(): void {
    this.fail(new PeerClosed());
  }
}
