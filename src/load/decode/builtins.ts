/** The functions of asynchronous components: how the binary says them, and of which core types they are. */

export interface Builtin {
  readonly name: string;
  /** What follows in the binary. `f`: a flag, `n`: a number, `o`: options, `r`: a result type, `t`: a core value type. */
  readonly operands: string;
  /** How many `i32` it takes; `undefined` if its type is none of so many, or not known. */
  readonly params: number | undefined;
  /** Whether it gives an `i32`. */
  readonly hasResult: boolean;
}

/** Code, name, how many `i32` it takes (`+`: and gives one), operands. */
const TABLE = `05 task.cancel 0
06 subtask.cancel 1+ f
09 task.return - ro
0a context.get - tn
0b context.set - tn
0c thread.yield 0+ f
0d subtask.drop 1
0e stream.new - n
0f stream.read 3+ no
10 stream.write 3+ no
11 stream.cancel-read 1+ nf
12 stream.cancel-write 1+ nf
13 stream.drop-readable 1 n
14 stream.drop-writable 1 n
15 future.new - n
16 future.read 2+ no
17 future.write 2+ no
18 future.cancel-read 1+ nf
19 future.cancel-write 1+ nf
1a future.drop-readable 1 n
1b future.drop-writable 1 n
1c error-context.new 2+ o
1d error-context.debug-message 2 o
1e error-context.drop 1
1f waitable-set.new 0+
20 waitable-set.wait 2+ fn
21 waitable-set.poll 2+ fn
22 waitable-set.drop 1
23 waitable.join 2
24 backpressure.inc 0
25 backpressure.dec 0
26 thread.index 0+
27 thread.new-indirect 2+ nn
28 thread.resume-later 1
29 thread.suspend 0+ f
2a thread.suspend-then-resume 1+ f
2b thread.yield-then-resume 1+ f
2c thread.suspend-then-promote 1+ f
2d thread.yield-then-promote 1+ f
40 thread.spawn-ref - fn
41 thread.spawn-indirect - fnn
42 thread.available-parallelism - f`;

let made: ReadonlyMap<number, Builtin> | undefined;

/** By their codes: made for the first component that has one. */
export function builtins(): ReadonlyMap<number, Builtin> {
  return (made ??= new Map(
    TABLE.split("\n").map((line) => {
      const [code = "", name = "", type = "", operands = ""] = line.split(" ");
      const params = type === "-" ? undefined : Number.parseInt(type, 10);
      return [Number.parseInt(code, 16), { name, operands, params, hasResult: type.endsWith("+") }];
    }),
  ));
}
