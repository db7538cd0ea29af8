/** Values pass between guests and JavaScript as the specification has it: its definitions.py does the same in Python. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { codecOf } from "../../src/abi/codec.ts";
import { Guest } from "../../src/abi/guest.ts";
import { HandleCount, HandleTable } from "../../src/abi/handles.ts";
import { layoutOf } from "../../src/abi/layout.ts";
import { Resources } from "../../src/abi/resources.ts";
import { otherTexts } from "../../src/abi/text.ts";
import { FlatValues, type CoreValue } from "../../src/abi/type.ts";
import type { StringEncoding, ValType } from "../../src/abi/types.ts";
import { Trap } from "../../src/io/trap.ts";
import { anyType, Values } from "./generate.ts";
import { Random } from "../random.ts";
import { coreOf, coreWire, wireOf, withoutDoubles, type Wire } from "./wire.ts";

const PAGES = 16;
const MEMORY_BYTES = PAGES * 65_536;
const START = 64;
/** Between what is allocated one after the other. */
const GAP = 3;
/** Questions that are asked at once. */
const BATCH = 200;
const ENCODINGS = ["utf8", "utf16", "latin1+utf16"] as const;

/** What the reference is asked. `cores` are those to lift; the place of a value if it is not to be `flat`. */
interface Question {
  readonly do: "lower" | "lift";
  readonly type: ValType;
  readonly encoding: StringEncoding;
  readonly flat: boolean;
  readonly value?: Wire;
  /** How text is given to the reference. */
  readonly source?: StringEncoding;
  readonly cores?: readonly string[];
  readonly memory?: string;
}

/** What it says. */
interface Answer {
  readonly trap?: true;
  /** There are more values than it goes through. */
  readonly long?: true;
  readonly value?: Wire;
  readonly cores?: readonly string[];
  readonly memory?: string;
  readonly layout: { readonly size: number; readonly align: number; readonly count: number; readonly flat: string[] };
}

/** A guest whose allocator never frees. */
class Bump {
  readonly guest: Guest;
  readonly memory: WebAssembly.Memory;
  next: number = START;

  constructor(encoding: StringEncoding, memory: WebAssembly.Memory) {
    this.memory = memory;
    const realloc = (_old: number, _bytes: number, align: number, bytes: number): number => {
      const at = Math.ceil(this.next / align) * align;
      this.next = at + bytes + GAP;
      return at;
    };
    const [handles, resources] = [new HandleTable(new HandleCount(1)), new Resources(1)];
    // The specification has no such limit.
    const valueBytes = Number.MAX_SAFE_INTEGER;
    this.guest = new Guest({ memory, realloc, encoding, handles, resources, valueBytes });
  }

  /** As text. What is behind is zero again. */
  take(): string {
    const used = Buffer.from(this.memory.buffer, 0, Math.min(this.next, MEMORY_BYTES));
    const content = used.toString("base64");
    used.fill(0);
    return content;
  }

  put(content: string): void {
    const bytes = Buffer.from(content, "base64");
    new Uint8Array(this.memory.buffer).set(bytes);
    this.next = bytes.length;
  }
}

/** One value, in all ways. */
class Case {
  readonly seed: number;
  readonly questions: readonly Question[];
  readonly #type: ValType;
  readonly #value: unknown;
  readonly #memory: WebAssembly.Memory;

  constructor(seed: number, memory: WebAssembly.Memory) {
    this.seed = seed;
    this.#memory = memory;
    const random = new Random(seed);
    const type = anyType(random, random.below(4));
    const encoding = random.of(ENCODINGS);
    this.#type = type;
    this.#value = new Values(random, undefined, 40).of(type);
    const value = wireOf(type, this.#value);
    const { flat } = layoutOf(type);
    const isFlat = flat !== undefined && random.once(2);
    const shared = { type, encoding, flat: isFlat };
    const hostile = new Hostile(random);
    this.questions = [
      { do: "lower", ...shared, value, source: encoding },
      { do: "lower", ...shared, value, source: random.of(ENCODINGS) },
      {
        do: "lift",
        ...shared,
        memory: hostile.memory(),
        cores: isFlat ? flat.map((core) => hostile.core(core)) : [String(hostile.place(type))],
      },
    ];
  }

  /** @returns What is otherwise than the reference says. */
  differences(answers: readonly Answer[]): string[] {
    return this.questions.flatMap((question, index) => {
      const answer = answers[index];
      const wrong = answer ? (this.#layout(answer) ?? this.#one(question, answer, index === 0)) : "no answer";
      return wrong === undefined ? [] : [`${wrong}\n${JSON.stringify(question)}\n${JSON.stringify(answer)}`];
    });
  }

  #layout({ layout }: Answer): string | undefined {
    const { size, align, flat } = layoutOf(this.#type);
    if (size !== layout.size || align !== layout.align) return `size ${size}, alignment ${align}`;
    return flat?.join() === (layout.count > 16 ? undefined : layout.flat.join())
      ? undefined
      : `core types ${flat?.join()}`;
  }

  #one(question: Question, answer: Answer, isSame: boolean): string | undefined {
    if (answer.long) return undefined;
    if (question.do === "lift") return this.#lift(question, answer);
    if (answer.trap) return "theirs traps";
    if (isSame) {
      const { cores, memory } = this.#lower(question);
      if (cores.join() !== answer.cores?.join()) return `core values ${cores.join()}`;
      if (memory !== answer.memory) return `memory ${memory}`;
    }
    // What they lower we lift.
    const lifted = this.#lifted(question, answer.cores ?? [], answer.memory ?? "");
    return JSON.stringify(lifted) === JSON.stringify(question.value) ? undefined : `lifted ${JSON.stringify(lifted)}`;
  }

  #lower({ type, encoding, flat }: Question): { readonly cores: readonly string[]; readonly memory: string } {
    const bump = new Bump(encoding, this.#memory);
    const codec = codecOf(type);
    if (!flat) {
      const at = bump.guest.allocate(codec.size, codec.align);
      codec.store(bump.guest, at, this.#value);
      return { cores: [String(at)], memory: bump.take() };
    }
    const cores: CoreValue[] = [];
    codec.lower(bump.guest, this.#value, cores);
    const types = codec.flat ?? [];
    return { cores: cores.map((core, index) => coreWire(types[index] ?? "i32", core)), memory: bump.take() };
  }

  #lifted({ type, encoding, flat }: Question, cores: readonly string[], memory: string): Wire {
    const bump = new Bump(encoding, this.#memory);
    const codec = codecOf(type);
    bump.put(memory);
    try {
      if (!flat) return wireOf(type, codec.load(bump.guest, Number(cores[0])));
      const types = codec.flat ?? [];
      const passed = cores.map((core, index) => coreOf(types[index] ?? "i32", core));
      return wireOf(type, codec.lift(bump.guest, new FlatValues(passed)));
    } finally {
      bump.take();
    }
  }

  #lift(question: Question, answer: Answer): string | undefined {
    let lifted: Wire;
    try {
      lifted = this.#lifted(question, question.cores ?? [], question.memory ?? "");
    } catch (error) {
      if (!(error instanceof Trap)) throw error;
      return answer.trap ? undefined : `ours traps: ${error.message}`;
    }
    if (answer.trap) return `theirs traps, ours is ${JSON.stringify(lifted)}`;
    const theirs = withoutDoubles(question.type, answer.value ?? null);
    return JSON.stringify(lifted) === JSON.stringify(theirs) ? undefined : `lifted ${JSON.stringify(lifted)}`;
  }
}

const HOSTILE_BYTES = 512;
/** Characters of what differs: some values have a hundred thousand parts. */
const SHOWN = 2000;

/** Memory and core values that no honest guest has. */
class Hostile {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  memory(): string {
    const view = new DataView(new ArrayBuffer(HOSTILE_BYTES));
    const isWords = this.#random.once(2);
    for (let at = 0; at < HOSTILE_BYTES; at += 4) {
      const word = isWords || this.#random.once(2) ? this.#word() : this.#random.from(0, 0x7f);
      view.setUint32(at, word, true);
    }
    return Buffer.from(view.buffer).toString("base64");
  }

  /** A pointer, a length, a case, a character: or nothing of the sort. */
  #word(): number {
    const random = this.#random;
    switch (random.below(12)) {
      case 0:
        return MEMORY_BYTES - random.below(20);
      case 1:
        return random.u32();
      case 2:
        return 0x8000_0000 + random.below(6);
      case 3:
        return random.of([2 ** 28 - 1, 2 ** 28, 2 ** 27, 0xffff_ffff, 0x11_0000, 0xd800, 0xdfff, MEMORY_BYTES]);
      case 4:
      case 5:
        return random.below(HOSTILE_BYTES);
      default:
        return random.below(4) * random.of([1, 1, 1, 4, 256, 65_537]);
    }
  }

  core(core: "i32" | "i64" | "f32" | "f64"): string {
    const word = this.#word();
    if (core === "i32") return String(word);
    // What is no number is another one in each language.
    if (core === "f32") return String(isNaN32(word) ? 0 : word);
    const long = this.#random.once(2) ? BigInt(word) : this.#random.u64();
    return String(core === "f64" && isNaN64(long) ? 0n : long);
  }

  place(type: ValType): number {
    const { size, align } = layoutOf(type);
    const at = this.#random.once(8) ? MEMORY_BYTES - size : this.#random.below(64) * 4;
    return Math.floor(at / align) * align;
  }
}

function isNaN32(bits: number): boolean {
  return (bits & 0x7fff_ffff) > 0x7f80_0000;
}

function isNaN64(bits: bigint): boolean {
  return (bits & 0x7fff_ffff_ffff_ffffn) > 0x7ff0_0000_0000_0000n;
}

/** @param folder A checkout of WebAssembly/component-model. @returns How many values went otherwise. */
export async function compareValues(folder: string, seed: number, count: number): Promise<number> {
  await otherTexts.load();
  const reference = new Reference(join(folder, "design", "mvp", "canonical-abi"));
  const memory = new WebAssembly.Memory({ initial: PAGES });
  let failures = 0;
  for (let from = 0; from < count && failures < 20; from += BATCH) {
    const length = Math.min(BATCH, count - from);
    const cases = Array.from({ length }, (_, index) => new Case(seed + from + index, memory));
    const answers = await reference.ask(cases.flatMap(({ questions }) => questions));
    for (const [index, one] of cases.entries()) {
      const own = answers.slice(index * 3, index * 3 + 3);
      const differences = one.differences(own);
      if (differences.length === 0) continue;
      failures++;
      console.log(`FAILED: npm run fuzz -- values FOLDER --seed ${one.seed} --count 1`);
      for (const difference of differences) console.log(difference.slice(0, SHOWN));
      console.log();
    }
  }
  reference.end();
  console.log(`${count} values, ${failures} failures`);
  return failures;
}

/** The process that answers. */
class Reference {
  readonly #child;
  readonly #lines;

  constructor(folder: string) {
    const script = fileURLToPath(new URL("reference.py", import.meta.url));
    this.#child = spawn("python3", [script, folder], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(questions: readonly Question[]): Promise<Answer[]> {
    // A space at the end of a line asks for all answers at once.
    this.#child.stdin.write(`${questions.map((question) => JSON.stringify(question)).join("\n")} \n`);
    const answers: Answer[] = [];
    while (answers.length < questions.length) {
      const line = await this.#lines.next();
      if (line.done) throw new Error("reference.py has ended: see what it says");
      // The shape is that of `answer` there.
      answers.push(JSON.parse(line.value) as Answer);
    }
    return answers;
  }

  end(): void {
    this.#child.stdin.end();
  }
}
