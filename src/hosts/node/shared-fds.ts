/** Descriptors that other processes have too, left to them as they were. */
import type { Socket, SocketConstructorOpts } from "node:net";
import { fs } from "./builtins.ts";

const { constants, fstatSync, readFileSync } = fs;

/** Whether calls on `fd` block; yes where nobody says. */
export function blocks(fd: number): boolean {
  try {
    const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1")) ?? [];
    return flags === undefined || (Number.parseInt(flags, 8) & constants.O_NONBLOCK) === 0;
  } catch {
    return true;
  }
}

/** Has calls on the descriptor of a stream of Node's block again, which made them not to. */
export function blockAgain(stream: Socket): void {
  // What libuv has for it, of which Node tells nobody.
  const { _handle: handle } = stream as { readonly _handle?: { setBlocking?(isBlocking: boolean): number } | null };
  handle?.setBlocking?.(true);
}

/**
 * What of standard input, output and error is a socket and blocks. These alone cannot be opened once more for ourselves, so
 * that a thread which is ended in the middle of what it does leaves them non-blocking.
 */
export class StandardSockets {
  readonly #fds: readonly number[] = [0, 1, 2].filter((fd) => isSocket(fd) && blocks(fd));

  /** Has them block again. */
  restore(): void {
    for (const fd of this.#fds) {
      const { Socket: NodeSocket } = process.getBuiltinModule("node:net");
      // Of Node's options, one that its types leave out.
      const options = { fd, readable: false, writable: fd > 0, pauseOnCreate: true } as SocketConstructorOpts;
      const stream = new NodeSocket(options);
      blockAgain(stream);
      stream.unref();
    }
  }
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    // Nobody has given it to us.
    return false;
  }
}
