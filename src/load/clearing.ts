/** Bytes that are to be 0 again, of which most are anyway: nobody has to touch those. */

/** A memory as the system has it, in pages. All bytes that it is asked for are whole pages. */
export interface Pages {
  readonly pageBytes: number;
  /** Gives pages back to the system: they are 0 when somebody looks at them again. @returns Whether it has. */
  discard(buffer: ArrayBuffer, from: number, to: number): boolean;
  /**
   * For each page 1 if somebody may have touched it since it was given back, or made. No more than a hint: what was moved
   * out of memory may count as untouched. `undefined` if nobody knows.
   */
  touched(buffer: ArrayBuffer, from: number, to: number): Uint8Array | undefined;
}

/** Fewer bytes are filled sooner than they are given back. */
const LEAST_BYTES = 256 * 1024;

/** Every how many times it is looked which pages the guest touches: that takes three times as long as to give them back. */
const LOOK_EVERY = 64;

/**
 * A part of one memory, cleared again and again. What the guest touches is filled with 0, which a page that is given back
 * takes ten times as long for when it is touched the next time. All between is given back, whether the guest has touched it
 * this time or not: the longest run of pages in which nobody ever found it. Most is the lower end of a stack.
 */
export class Clearing {
  readonly #from: number;
  readonly #to: number;
  readonly #pages: Pages;
  /** What is given back: whole pages. */
  #coldFrom: number;
  #coldTo: number;
  #times = 0;

  constructor(from: number, to: number, pages: Pages) {
    const { pageBytes } = pages;
    this.#from = from;
    this.#to = to;
    this.#pages = pages;
    this.#coldFrom = Math.ceil(from / pageBytes) * pageBytes;
    this.#coldTo = Math.floor(to / pageBytes) * pageBytes;
  }

  /** @param bytes Of the whole memory. */
  clear(bytes: Uint8Array<ArrayBuffer>): void {
    const { buffer } = bytes;
    // What is there the first time is also of who made the memory.
    if (this.#times++ % LOOK_EVERY === 1) this.#look(buffer);
    if (!this.#isWorthIt || !this.#pages.discard(buffer, this.#coldFrom, this.#coldTo)) this.#coldTo = this.#coldFrom;
    bytes.fill(0, this.#from, this.#coldFrom);
    bytes.fill(0, this.#coldTo, this.#to);
  }

  get #isWorthIt(): boolean {
    return this.#coldTo - this.#coldFrom >= LEAST_BYTES;
  }

  #look(buffer: ArrayBuffer): void {
    if (!this.#isWorthIt) return;
    const { pageBytes } = this.#pages;
    const [from, to] = longestRun(this.#pages.touched(buffer, this.#coldFrom, this.#coldTo) ?? []);
    this.#coldTo = this.#coldFrom + to * pageBytes;
    this.#coldFrom += from * pageBytes;
  }
}

/** Where the longest run of zeros begins and ends. */
function longestRun(touched: ArrayLike<number>): readonly [from: number, to: number] {
  let longest: readonly [number, number] = [0, 0];
  let from = 0;
  for (let at = 0; at <= touched.length; at++) {
    if (at < touched.length && touched[at] === 0) continue;
    if (at - from > longest[1] - longest[0]) longest = [from, at];
    from = at + 1;
  }
  return longest;
}
