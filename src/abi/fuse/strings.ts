/**
 * Text between two components: a function `(pointer, length) -> (pointer, length)` that checks it where it lies and
 * writes it to the other's memory, as that one encodes it. The calls of `realloc` are those of the canonical ABI, in
 * its order and with its sizes.
 *
 * ASCII from UTF-8 to UTF-8 never leaves WebAssembly; whatever else needs a look at each character is done by leaves of
 * JavaScript (transcode.ts).
 */
import type { FunctionCode, FunctionRef } from "./code.ts";
import { checkAligned, TRAP, trapIf, type TrapCode, type Way } from "./sides.ts";
import { MAX_LIST_BYTES } from "../types.ts";

/** Set in the length of UTF-16 where text is Latin-1 or UTF-16. */
const UTF16_TAG = 2 ** 31;

/** Which bits of text are not 0 if it is not all ASCII in UTF-8, ASCII in UTF-16, Latin-1 in UTF-16. */
const ABOVE_ASCII = 0x8080_8080_8080_8080n;
const ABOVE_ASCII_16 = 0xff80_ff80_ff80_ff80n;
const ABOVE_LATIN1_16 = 0xff00_ff00_ff00_ff00n;

/** A number of bytes: so many times a local. */
type Bytes = readonly [local: number, times: 1 | 2 | 3];

/** Defines the function for text that goes this way. */
export function defineStrings(way: Way): FunctionRef {
  const code = way.module.define(["i32", "i32"], ["i32", "i32"]);
  const strings = new Strings(way, code);
  switch (way.from.encoding) {
    case "utf8":
      strings.fromUtf8();
      break;
    case "utf16":
      strings.fromUtf16("utf16");
      break;
    case "latin1+utf16":
      code.get(1);
      code.i32(UTF16_TAG);
      code.op("i32.and");
      code.if(["i32", "i32"]);
      code.get(1);
      code.i32(UTF16_TAG - 1);
      code.op("i32.and");
      code.set(1);
      strings.fromUtf16("latin1+utf16");
      code.op("else");
      strings.fromLatin1();
      code.op("end");
      break;
  }
  return code.ref;
}

/** Each `from...` leaves the pointer and the length that the receiver gets on the stack. */
class Strings {
  readonly #way: Way;
  readonly #code: FunctionCode;
  /** Of the text as it is: where it begins, and how many code units it has. */
  readonly #pointer = 0;
  readonly #length = 1;
  /** Where it is written to. */
  readonly #target: number;
  /** How many code units are written. */
  readonly #written: number;
  readonly #clean = new Map<bigint, FunctionRef>();

  constructor(way: Way, code: FunctionCode) {
    this.#way = way;
    this.#code = code;
    this.#target = code.local();
    this.#written = code.local();
  }

  fromUtf8(): void {
    this.#checkPlace(1, 1);
    switch (this.#way.to.encoding) {
      case "utf8":
        this.#checkUnits(ABOVE_ASCII, "utf8-valid", TRAP.utf8);
        this.#allocate(1, [this.#length, 1]);
        this.#copy(1);
        return this.#give(this.#length);
      case "utf16":
        this.#allocate(2, [this.#length, 2]);
        return this.#utf8ToUtf16();
      case "latin1+utf16":
        return this.#utf8ToLatin1OrUtf16();
    }
  }

  /** @param encoding What the sender calls it: the sizes asked of `realloc` differ. */
  fromUtf16(encoding: "utf16" | "latin1+utf16"): void {
    this.#checkPlace(2, 2);
    switch (this.#way.to.encoding) {
      case "utf8":
        return this.#utf16ToUtf8();
      case "utf16":
        this.#checkUnits(ABOVE_LATIN1_16, "utf16-valid", TRAP.utf16);
        this.#allocate(2, [this.#length, 2]);
        this.#copy(2);
        return this.#give(this.#length);
      case "latin1+utf16":
        return encoding === "utf16" ? this.#utf16ToLatin1OrUtf16() : this.#narrow();
    }
  }

  fromLatin1(): void {
    this.#checkPlace(1, 2);
    switch (this.#way.to.encoding) {
      case "utf8":
        return this.#latin1ToUtf8();
      case "utf16":
        this.#allocate(2, [this.#length, 2]);
        this.#transcode("latin1-to-utf16");
        this.#code.op("drop");
        return this.#give(this.#length);
      case "latin1+utf16":
        this.#allocate(2, [this.#length, 1]);
        this.#copy(1);
        return this.#give(this.#length);
    }
  }

  /** Into what is allocated for as many units as the text has bytes. */
  #utf8ToUtf16(tag = 0): void {
    this.#transcode("utf8-to-utf16");
    this.#code.set(this.#written);
    this.#trapIfInvalid(TRAP.utf8);
    this.#shrink(2, [this.#length, 2], [this.#written, 2]);
    this.#give(this.#written, tag);
  }

  #utf8ToLatin1OrUtf16(): void {
    const code = this.#code;
    this.#allocate(2, [this.#length, 1]);
    this.#transcode("utf8-to-latin1");
    code.tee(this.#written);
    code.i32(-2);
    code.op("i32.eq");
    code.if(["i32", "i32"]);
    this.#reallocate(2, [this.#length, 1], [this.#length, 2]);
    this.#utf8ToUtf16(UTF16_TAG);
    code.op("else");
    this.#trapIfInvalid(TRAP.utf8);
    this.#shrink(2, [this.#length, 1], [this.#written, 1]);
    this.#give(this.#written);
    code.op("end");
  }

  #utf16ToUtf8(): void {
    const code = this.#code;
    this.#allocate(1, [this.#length, 1]);
    this.#isClean(ABOVE_ASCII_16, [this.#length, 2]);
    code.if(["i32", "i32"]);
    this.#transcode("utf16-to-latin1");
    code.op("drop");
    this.#give(this.#length);
    code.op("else");
    this.#reallocate(1, [this.#length, 1], [this.#length, 3]);
    this.#transcode("utf16-to-utf8");
    code.set(this.#written);
    this.#trapIfInvalid(TRAP.utf16);
    this.#shrink(1, [this.#length, 3], [this.#written, 1]);
    this.#give(this.#written);
    code.op("end");
  }

  #utf16ToLatin1OrUtf16(): void {
    const code = this.#code;
    this.#allocate(2, [this.#length, 1]);
    this.#transcode("utf16-to-latin1");
    code.if(["i32", "i32"]);
    this.#give(this.#length);
    code.op("else");
    this.#checkUnits(undefined, "utf16-valid", TRAP.utf16);
    this.#reallocate(2, [this.#length, 1], [this.#length, 2]);
    this.#copy(2);
    this.#give(this.#length, UTF16_TAG);
    code.op("end");
  }

  /** UTF-16 of a sender that would rather have Latin-1: Latin-1 if it can be, after all. */
  #narrow(): void {
    const code = this.#code;
    this.#checkUnits(ABOVE_LATIN1_16, "utf16-valid", TRAP.utf16);
    this.#allocate(2, [this.#length, 2]);
    this.#transcode("utf16-to-latin1");
    code.if(["i32", "i32"]);
    this.#reallocate(1, [this.#length, 2], [this.#length, 1]);
    this.#give(this.#length);
    code.op("else");
    this.#copy(2);
    this.#give(this.#length, UTF16_TAG);
    code.op("end");
  }

  #latin1ToUtf8(): void {
    const code = this.#code;
    this.#allocate(1, [this.#length, 1]);
    this.#isClean(ABOVE_ASCII, [this.#length, 1]);
    code.if(["i32", "i32"]);
    this.#copy(1);
    this.#give(this.#length);
    code.op("else");
    this.#reallocate(1, [this.#length, 1], [this.#length, 2]);
    this.#transcode("latin1-to-utf8");
    code.set(this.#written);
    this.#shrink(1, [this.#length, 2], [this.#written, 1]);
    this.#give(this.#written);
    code.op("end");
  }

  /** The text is not too long, aligned, and in the sender's memory. */
  #checkPlace(unitBytes: 1 | 2, align: 1 | 2): void {
    const { module, from } = this.#way;
    const code = this.#code;
    code.get(this.#length);
    code.i32(Math.floor(MAX_LIST_BYTES / unitBytes));
    code.op("i32.gt_u");
    trapIf(module, code, TRAP.stringTooLong);
    checkAligned(module, code, this.#pointer, align);
    code.get(this.#pointer);
    this.#push([this.#length, unitBytes]);
    code.i32(TRAP.stringOutOfBounds);
    code.call(from.inBounds());
  }

  /** Traps unless the text is well-formed, which JavaScript is only asked if some bits of the mask are set. */
  #checkUnits(mask: bigint | undefined, validator: "utf8-valid" | "utf16-valid", reason: TrapCode): void {
    const code = this.#code;
    if (mask !== undefined) {
      this.#isClean(mask, [this.#length, validator === "utf8-valid" ? 1 : 2]);
      code.op("i32.eqz");
      code.if();
    }
    code.get(this.#pointer);
    code.get(this.#length);
    code.call(this.#way.transcoder(validator, 2));
    code.op("i32.eqz");
    trapIf(this.#way.module, code, reason);
    if (mask !== undefined) code.op("end");
  }

  #trapIfInvalid(reason: TrapCode): void {
    this.#code.get(this.#written);
    this.#code.i32(-1);
    this.#code.op("i32.eq");
    trapIf(this.#way.module, this.#code, reason);
  }

  #transcode(name: string): void {
    for (const local of [this.#pointer, this.#length, this.#target]) this.#code.get(local);
    this.#code.call(this.#way.transcoder(name, 3));
  }

  #copy(unitBytes: 1 | 2): void {
    this.#code.get(this.#target);
    this.#code.get(this.#pointer);
    this.#push([this.#length, unitBytes]);
    this.#code.copy(this.#way.to.memory(), this.#way.from.memory());
  }

  #allocate(align: 1 | 2, bytes: Bytes): void {
    this.#code.i32(0);
    this.#code.i32(0);
    this.#callAllocate(align, bytes);
  }

  #reallocate(align: 1 | 2, before: Bytes, after: Bytes): void {
    this.#code.get(this.#target);
    this.#push(before);
    this.#callAllocate(align, after);
  }

  /** Gives back what was allocated for the worst case, if anything. */
  #shrink(align: 1 | 2, before: Bytes, after: Bytes): void {
    this.#push(after);
    this.#push(before);
    this.#code.op("i32.lt_u");
    this.#code.if();
    this.#reallocate(align, before, after);
    this.#code.op("end");
  }

  #callAllocate(align: 1 | 2, bytes: Bytes): void {
    this.#code.i32(align);
    this.#push(bytes);
    this.#code.i32(TRAP.stringOutOfBounds);
    this.#code.call(this.#way.to.allocate());
    this.#code.set(this.#target);
  }

  #push([local, times]: Bytes): void {
    this.#code.get(local);
    if (times === 1) return;
    this.#code.i32(times);
    this.#code.op("i32.mul");
  }

  #give(length: number, tag = 0): void {
    this.#code.get(this.#target);
    this.#code.get(length);
    if (tag === 0) return;
    this.#code.i32(tag);
    this.#code.op("i32.or");
  }

  #isClean(mask: bigint, bytes: Bytes): void {
    let clean = this.#clean.get(mask);
    if (!clean) this.#clean.set(mask, (clean = defineClean(this.#way, mask)));
    this.#code.get(this.#pointer);
    this.#push(bytes);
    this.#code.call(clean);
  }
}

/** `(pointer, bytes) -> i32`: 1 if no bit of the mask is set in any eight of the sender's bytes. */
function defineClean(way: Way, mask: bigint): FunctionRef {
  const memory = way.from.memory();
  const code = way.module.define(["i32", "i32"], ["i32"]);
  code.block();
  for (const words of [4, 1]) {
    code.loop();
    code.get(1);
    code.i32(8 * words);
    code.op("i32.ge_u");
    code.if();
    for (let word = 0; word < words; word++) {
      code.get(0);
      code.access("i64.load", memory, 8 * word);
      if (word > 0) code.op("i64.or");
    }
    code.i64(mask);
    code.op("i64.and", "i64.eqz", "i32.eqz");
    code.brIf(2);
    code.advance(0, 8 * words);
    code.advance(1, -8 * words);
    code.br(1);
    code.op("end", "end");
  }
  for (const [bytes, load] of [
    [4, "i32.load"],
    [2, "i32.load16_u"],
    [1, "i32.load8_u"],
  ] as const) {
    code.get(1);
    code.i32(bytes);
    code.op("i32.and");
    code.if();
    code.get(0);
    code.access(load, memory, 0);
    code.i32(Number(mask & 0xffff_ffffn));
    code.op("i32.and");
    code.brIf(1);
    code.advance(0, bytes);
    code.op("end");
  }
  code.i32(1);
  code.op("return", "end");
  code.i32(0);
  return code.ref;
}
