/** Faults that are put into the heart on purpose: what the simulation has to find. Each is taken out again. */
import { ByteQueue } from "../../src/io/byte-queue.ts";
import { InputStream } from "../../src/io/input-stream.ts";
import { Outlet } from "../../src/io/outlet.ts";
import { lending, OutputStream } from "../../src/io/output-stream.ts";
import { PendingSink } from "../../src/io/pending-sink.ts";
import { Permit } from "../../src/io/permit.ts";
import { Signal } from "../../src/io/readiness.ts";
import { Lease } from "../../src/wait/lease.ts";
import { Task } from "../../src/wait/task.ts";
import { Descriptor } from "../../src/wasi/filesystem/descriptor.ts";
import { FileSink } from "../../src/wasi/filesystem/file-sink.ts";
import { Timer, Timers } from "../../src/wasi/clocks/timers.ts";
import { ReceivingSource, TcpStreams } from "../../src/wasi/sockets/tcp-streams.ts";
import { DatagramQueue } from "../../src/wasi/sockets/udp-queue.ts";

/** A fault, by what is wrong with it. */
export interface Mutant {
  readonly name: string;
  /** Puts it in; gives what takes it out. */
  readonly insert: () => () => void;
}

/** Puts another method in the place of one. */
function mutant<T extends object, K extends keyof T & string>(
  name: string,
  { prototype }: { readonly prototype: T },
  method: K,
  change: (original: T[K]) => T[K],
): Mutant {
  return {
    name,
    insert() {
      const original = prototype[method];
      prototype[method] = change(original);
      return () => {
        prototype[method] = original;
      };
    },
  };
}

function nothing(): void {}

/** As many bytes, of which one is another. */
function changed(bytes: Uint8Array): Uint8Array {
  return bytes.with(2, (bytes[2] ?? 0) ^ 1);
}

export const MUTANTS: readonly Mutant[] = [
  mutant("a permit of one byte too many", Outlet, "room", (room) => {
    return function (this: Outlet, own) {
      const bytes = room.call(this, own);
      return bytes > 0 ? bytes + 1 : 0;
    };
  }),
  mutant("a permit that no write spends", Permit, "spend", () => nothing),
  mutant("a flush that is complete at once", Outlet, "flush", () => nothing),
  mutant("a flush that is taken for complete before the sink has let go", OutputStream, "writeAndFlush", (write) => {
    return function (this: OutputStream, bytes) {
      write.call(this, bytes);
      return undefined;
    };
  }),
  mutant("a failure that is told twice", Outlet, "failureTaken", () => nothing),
  mutant("a failure that is forgotten", Permit, "fail", () => nothing),
  mutant("a sink that wakes nobody", Outlet, "wake", () => nothing),
  mutant("every third wake-up lost", Signal, "notify", (notify) => {
    let count = 0;
    return function (this: Signal) {
      if (++count % 3 > 0) notify.call(this);
    };
  }),
  mutant("a byte lost in the buffer", ByteQueue, "push", (push) => {
    return function (this: ByteQueue, bytes) {
      push.call(this, bytes.length > 3 ? bytes.subarray(1) : bytes);
    };
  }),
  mutant("a buffer that gives its bytes twice", ByteQueue, "shift", (shift) => {
    return function (this: ByteQueue, count) {
      shift.call(this, count > 5 ? count - 1 : count);
    };
  }),
  mutant("a disk that is taken for done while it writes", PendingSink, "flush", () => () => true),
  mutant("a byte of a file that is written as another", FileSink, "write", (write) => {
    return function (this: FileSink, bytes) {
      return write.call(this, bytes.length > 3 ? changed(bytes) : bytes);
    };
  }),
  mutant("a byte of a file that is read as another", Descriptor, "readStream", (readStream) => {
    return function (this: Descriptor, at) {
      const source = readStream.call(this, at);
      const { read } = source;
      return Object.assign(source, {
        read(max: number) {
          const bytes = read.call(source, max);
          return bytes && bytes.length > 3 ? changed(bytes) : bytes;
        },
      });
    };
  }),
  mutant("what is buffered is not delivered at the end", Outlet, "finish", () => async () => {}),
  mutant("an abort that delivers", Outlet, "abort", () => nothing),
  mutant("a read beyond what was asked for", InputStream, "read", (read) => {
    return function (this: InputStream, max, waits) {
      return read.call(this, max + 1, waits);
    };
  }),
  mutant("a lease that brings nothing up to date", { prototype: lending }, "catchUp", (catchUp) => {
    return (stream, calls, granted, bytes) => catchUp(stream, calls, granted, bytes.subarray(0, 0));
  }),
  mutant("a lease that is not closed when something else happens", { prototype: Lease }, "closeOpen", () => nothing),
  mutant("a timer that fires for nobody", Timer, "fire", () => nothing),
  mutant("a timer that is left behind", Timers, "disarm", () => nothing),
  mutant("a guest that spins gives way to nobody", Task, "mustGiveWay", () => () => false),
  mutant("a guest that is ended waits on", Task, "end", () => nothing),
];

/** Faults of sockets, which the simulation of the network has to find. */
export const NETWORK_MUTANTS: readonly Mutant[] = [
  mutant("an end that is never sent", TcpStreams, "finishSending", () => async () => {}),
  mutant("an input that wakes nobody", ReceivingSource, "watch", () => nothing),
  mutant("an input that is not closed when it is shut down", ReceivingSource, "close", () => nothing),
  mutant("a socket that gives up what it holds", TcpStreams, "close", () => {
    return async function (this: TcpStreams) {
      void this.connection.close();
    };
  }),
  mutant("a shutdown of one direction that ends both", TcpStreams, "shutdown", (shutdown) => {
    return function (this: TcpStreams) {
      shutdown.call(this, "both");
    };
  }),
  mutant("an outlet that takes writes after its end", Outlet, "sealOrWait", () => {
    return function (this: Outlet) {
      return this.finish();
    };
  }),
  mutant("a sink that wakes nobody", Outlet, "wake", () => nothing),
  mutant("a byte lost in the buffer", ByteQueue, "push", (push) => {
    return function (this: ByteQueue, bytes) {
      push.call(this, bytes.length > 3 ? bytes.subarray(1) : bytes);
    };
  }),
  mutant("a datagram that comes twice", DatagramQueue, "push", (push) => {
    return function (this: DatagramQueue, datagram) {
      return push.call(this, datagram) && push.call(this, datagram);
    };
  }),
];
