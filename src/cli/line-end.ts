/** Where a message of ours begins: on a line of its own, whatever the guest has left at the end of its output. */
import { fstatSync } from "node:fs";
import { openStandard } from "../hosts/node/stdio.ts";
import type { Sink } from "../io/ports.ts";
import type { Waker } from "../io/readiness.ts";
import type { OpenedOutput, OpenedStandard, StandardOptions } from "../run/platform.ts";
import { onLineOfItsOwn } from "./write.ts";

const NEWLINE = 0x0a;

interface End {
  byte: number;
}

/** What was written last: of all components of the process. */
const END: End = { byte: NEWLINE };

/** The process's standard streams, as `openStandard` has them, whose last byte is kept in mind. */
export function watchedStandard(options: StandardOptions): OpenedStandard {
  const opened = openStandard(options);
  onLineOfItsOwn(() => {
    const isMiddle = END.byte !== NEWLINE;
    END.byte = NEWLINE;
    return isMiddle;
  });
  const watched = ({ sink, isTerminal }: OpenedOutput): OpenedOutput => ({
    sink: new WatchedSink(sink, END),
    isTerminal,
  });
  const stderr = options.stderr === "inherit" ? watched(opened.stderr) : opened.stderr;
  const stdout = options.stdout === "inherit" && areSame(1, 2) ? watched(opened.stdout) : opened.stdout;
  return { stdin: opened.stdin, stdout, stderr };
}

/** Whether two descriptors are of the same file, pipe or terminal. */
function areSame(one: number, other: number): boolean {
  const [a, b] = [fstatSync(one), fstatSync(other)];
  return a.dev === b.dev && a.ino === b.ino;
}

class WatchedSink implements Sink {
  readonly #sink: Sink;
  readonly #end: End;
  readonly writeBlocking?: (bytes: Uint8Array) => number;

  constructor(sink: Sink, end: End) {
    this.#sink = sink;
    this.#end = end;
    if (sink.writeBlocking) {
      this.writeBlocking = (bytes) => this.#noted(bytes, sink.writeBlocking?.(bytes) ?? sink.write(bytes));
    }
  }

  write(bytes: Uint8Array): number {
    return this.#noted(bytes, this.#sink.write(bytes));
  }

  flush(): boolean {
    return this.#sink.flush();
  }

  watch(waker: Waker): void {
    this.#sink.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#sink.unwatch(waker);
  }

  close(): void | Promise<void> {
    return this.#sink.close();
  }

  abort(reason: unknown): void {
    this.#sink.abort(reason);
  }

  #noted(bytes: Uint8Array, taken: number): number {
    const last = bytes[taken - 1];
    if (last !== undefined) this.#end.byte = last;
    return taken;
  }
}
