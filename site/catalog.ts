/** The guests that the playground has, and what can be shown with them. Neither needs a page: the build reads this too. */

export interface Sample {
  /** Its file, of test/guests/built or site/python, without `.wasm`. */
  readonly file: string;
  readonly name: string;
  readonly language: string;
  readonly says: string;
  readonly args?: string;
  readonly env?: string;
  /** What it is asked, if it answers requests. */
  readonly asked?: { readonly method: string; readonly path: string; readonly headers: string };
}

export const SAMPLES: readonly Sample[] = [
  { file: "hello", name: "hello", language: "C", says: "says hello" },
  { file: "echo", name: "echo", language: "C", says: "prints its arguments", args: "one 'two three'" },
  { file: "env", name: "env", language: "C", says: "prints its environment", env: "LANG=C\nRIVER=Rhine" },
  { file: "cat", name: "cat", language: "C", says: "copies input to output, through libc's buffers" },
  { file: "copy-loop", name: "copy", language: "C", says: "copies as it is permitted: check-write, write, poll" },
  { file: "copy-bwf", name: "copy-flush", language: "C", says: "copies, and flushes after each write" },
  { file: "copy-splice", name: "splice", language: "C", says: "copies without touching a byte: blocking-splice" },
  { file: "wc", name: "wc", language: "C", says: "counts lines, words and bytes" },
  {
    file: "composed-streams",
    name: "upper",
    language: "C + Rust",
    says: "upper case: two components, one of which implements the other's streams",
  },
  {
    file: "writer",
    name: "writer",
    language: "C",
    says: "writes as many bytes as you say: asks for a permit, writes, polls when it is 0",
    args: "10000000 4096",
  },
  {
    file: "never-flushes",
    name: "never-flushes",
    language: "C",
    says: "writes, and leaves without a flush: all of it arrives",
    args: "300000",
  },
  { file: "p1/p1-ask", name: "ask", language: "C, preview 1", says: "asks for your name: a core module of preview 1" },
  {
    file: "tty",
    name: "tty",
    language: "C",
    says: "turns lines around, in colours if it has a terminal",
  },
  {
    file: "multi-export",
    name: "demo",
    language: "C",
    says: "no command: has functions that you call, by a form made from their types",
  },
  {
    file: "http-claims",
    name: "server",
    language: "Rust",
    says: "answers requests: /echo sends back what comes, as it comes",
    asked: { method: "POST", path: "/echo", headers: "content-type: text/plain" },
  },
  {
    file: "http-p3",
    name: "server-p3",
    language: "Rust, WASI 0.3",
    says: "answers requests by WASI 0.3",
    asked: { method: "POST", path: "/echo", headers: "" },
  },
  {
    file: "http-middleware-p3",
    name: "proxy",
    language: "Rust, WASI 0.3",
    says: "answers requests to /on/… by asking another server: wire its ⇄ to one",
    asked: { method: "POST", path: "/on/echo", headers: "" },
  },
  { file: "ls", name: "ls", language: "C", says: "lists a directory", args: "/" },
  { file: "cat-files", name: "cat-files", language: "C", says: "prints files", args: "/poem.txt" },
  { file: "cp", name: "cp", language: "C", says: "copies a file", args: "/poem.txt /copy.txt" },
  { file: "files-rust", name: "files", language: "Rust", says: "all that std::fs can do, a line each", args: "/" },
  { file: "files-go", name: "files", language: "Go", says: "all that Go's os can do, a line each", args: "/" },
  {
    file: "python",
    name: "python",
    language: "Python",
    says: "Python: a prompt in a terminal, /FILE runs a script, and without either the input is one",
  },
  {
    file: "write-during-flush",
    name: "rule-breaker",
    language: "C",
    says: "writes while its flush is in flight, which is forbidden: a trap that names the rule",
  },
];

export interface ScenarioGuest {
  /** `Sample.file`. */
  readonly file: string;
  /** In the place of what the sample has. */
  readonly name?: string;
  readonly args?: string;
  readonly asked?: Sample["asked"];
  /** The position of the gate behind it, and of that before it: see page/format.ts. */
  readonly gate?: number;
  readonly inputGate?: number;
  /** Whether it answers what the one before it asks, in the place of reading what that writes. */
  readonly isAsked?: true;
}

export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** Whether it is for who comes for the first time: it begins when it is chosen. */
  readonly isTour?: true;
  /** What to try, and what is to be seen then. */
  readonly says: string;
  /** Each pipes into the next, or asks it. */
  readonly guests: readonly ScenarioGuest[];
  /** Some long text, or how it is typed. */
  readonly input?: "long" | "lines" | "terminal";
  /** What there is to read, besides the poem: text by its path, without a leading slash. */
  readonly files?: Readonly<Record<string, string>>;
  /** The position of the gates of files, until they are moved. There is a long file then, `/river.txt`. */
  readonly fileGate?: number;
  /** The position of the gate behind the input. */
  readonly inputGate?: number;
}

/** Prints for a while, and says for how long. */
const RIVER = `import time

def flow(lines=300):
    begun = time.time()
    for line in range(1, lines + 1):
        print(line, "over the weir the river goes")
    print(lines, "lines took", round(time.time() - begun, 1), "s")

flow()
`;

export const SCENARIOS: readonly Scenario[] = [
  {
    id: "slow-reader",
    title: "Fast writer, slow reader",
    isTour: true,
    says:
      "The writer has ten million bytes to say, but little passes the gate. The basin fills, the permit falls to " +
      "0, and the writer stops and waits: that is backpressure. Raise the gate, and watch it run again. However slow " +
      "the reader is, never more than 64 KiB are held.",
    guests: [{ file: "writer", gate: 23 }],
  },
  {
    id: "flush-waits",
    title: "A flush that waits",
    isTour: true,
    says:
      "This guest flushes after each write, to know that its bytes have left. While the light sweeps through the basin, the flush is " +
      "in flight: nothing is permitted until the last byte has passed the gate. Close the gate, and the guest waits as long as " +
      "you like. Open it, and it goes on.",
    guests: [{ file: "copy-bwf", gate: 21 }],
    input: "long",
  },
  {
    id: "reader-leaves",
    title: "The reader goes away",
    isTour: true,
    says:
      "The second guest reads sixty lines, and ends. Nobody reads what the first one writes then: its next write is told that the " +
      "output is closed, and it ends too, with exit code 1. It does not wait for ever, and nothing piles up for nobody.",
    guests: [
      { file: "copy-loop", gate: 11 },
      { file: "python", name: "head", args: '-c "for line in range(60): print(input())"' },
    ],
    input: "long",
  },
  {
    id: "pipe",
    title: "Three in a pipe",
    says:
      "Lines go through copy, then upper, then wc. The gate behind upper is low: its basin fills, then the one before " +
      "it, against the stream, until the first guest waits too. Nobody told it to; each only waits for the next.",
    guests: [
      { file: "copy-loop", gate: 25 },
      { file: "composed-streams", gate: 21 },
      { file: "wc", gate: 46 },
    ],
    input: "long",
    inputGate: 46,
  },
  {
    id: "hello",
    title: "Hello",
    says: "The smallest program. All that it asks of the world is in the time-line: a stream, a write, a flush.",
    guests: [{ file: "hello" }],
  },
  {
    id: "question",
    title: "A question",
    says: "It asks, and waits for you. Type an answer below the input, and press Enter.",
    guests: [{ file: "p1/p1-ask" }],
    input: "lines",
  },
  {
    id: "flush",
    title: "Nothing is lost",
    says:
      "This guest writes without a flush and ends. What it wrote is still in the basin then; the run is over when the " +
      "last byte has passed the gate.",
    guests: [{ file: "never-flushes", gate: 27 }],
  },
  {
    id: "rule",
    title: "A broken rule",
    says: "While a flush is in flight nothing may be written. This guest does it all the same, and is ended for it, alone.",
    guests: [{ file: "write-during-flush", gate: 25 }],
  },
  {
    id: "disk",
    title: "A slow disk",
    says:
      "cp reads one file and writes another, and each way has a gate, as if the disk was slow. Close one of them: cp " +
      "waits, for bytes or for room. A file is a stream like any other.",
    guests: [{ file: "cp", args: "/river.txt /copy.txt" }],
    fileGate: 27,
  },
  {
    id: "call",
    title: "A call",
    says:
      "No program, but a component with functions. Choose one under Call, and say with what; Run calls it. What it is " +
      "given and gives are values of WIT: numbers, text, lists, records, across languages.",
    guests: [{ file: "multi-export" }],
  },
  {
    id: "request",
    title: "A request",
    says:
      "This guest is a server. Run sends it a request, whose body is the input; the body of its answer is its output. " +
      "Both flow at once: close the gate of the answer, and the request stands still too. So backpressure crosses HTTP.",
    guests: [{ file: "http-claims", gate: 25 }],
    input: "long",
    inputGate: 46,
  },
  {
    id: "servers",
    title: "Two servers",
    says:
      "A request goes to proxy, which asks echo, which sends back what comes. Little passes the gate to the screen: first the answer of " +
      "echo waits, then echo, then what it was asked, and the input stands still, four streams and two guests away.",
    guests: [
      { file: "http-middleware-p3", gate: 21 },
      { file: "http-claims", name: "echo", isAsked: true },
    ],
    input: "long",
  },
  {
    id: "terminal",
    title: "A terminal",
    says:
      "An interactive program in a terminal: lines are edited before it has them, colours are its own, Ctrl-D ends its " +
      "input, Ctrl-C ends it. It hears that it has a terminal. Its gates are here too: lower one, and see it type.",
    guests: [{ file: "tty" }],
    input: "terminal",
  },
  {
    id: "python",
    title: "Python",
    says:
      "The prompt of a small Python. Type import river, and press Enter: a loop prints 300 lines. Each print waits until its " +
      "line has passed the gate, and the loop with it. Raise the gate, type river.flow(), and compare how long it took.",
    guests: [{ file: "python", gate: 15 }],
    input: "terminal",
    files: { "river.py": RIVER },
  },
  {
    id: "files",
    title: "Files",
    says: "A program in Rust makes, reads, renames and removes files. They are in the memory of this page, and nowhere else.",
    guests: [{ file: "files-rust" }],
  },
];

export const POEM = `Over the weir the river goes,
it asks nobody how it flows;
but close the gate, and soon the mill
upstream of it is standing still.
`;
