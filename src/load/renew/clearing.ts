/** Bytes that are to be 0 again, of which most are anyway: nobody has to touch those. */

/** Memories as the system has them, in pages. */
export interface Pages {
  readonly pageBytes: number;
  /** Whole pages of a memory: from the byte `from` up to, and without, `to`. */
  run(buffer: ArrayBuffer, from: number, to: number): PageRun;
  /**
   * How often this thread has touched a page, of any memory, that the system had to give it first. Where it has not grown nobody
   * has touched a page of a run that had been given back, if the run is `isWatched`. `undefined` if nobody knows.
   */
  faults(): number | undefined;
}

/** Some pages in a row, for as long as the memory has its buffer. */
export interface PageRun {
  /** Whether each of its pages is given by the system for itself, when this thread touches it: see `Pages.faults`. */
  readonly isWatched: boolean;
  /** Gives them back to the system: they are 0 when somebody looks at them again. @returns Whether it has. */
  discard(): boolean;
  /**
   * For each page 1 if somebody may have touched it since it was given back, or made. No more than a hint: what was moved
   * out of memory may count as untouched. `undefined` if nobody knows.
   */
  touched(): Uint8Array | undefined;
}

/** Fewer bytes are filled sooner than they are given back. */
const LEAST_BYTES = 256 * 1024;
/** As above, where most are known to be untouched. */
const LEAST_WATCHED = 16 * 1024;

/**
 * After how many times it is looked which pages the guest touches: that takes three times as long as to give them back. Where
 * it was as before, after twice as many the next time, up to the most.
 */
const LOOK_AFTER = 64;
const LOOK_AFTER_MOST = 1024;

/**
 * A part of one memory, cleared again and again. What the guest touches is filled with 0, which a page that is given back
 * takes ten times as long for when it is touched the next time. All between is given back: the longest run of pages in which
 * nobody ever found it. Most is the lower end of a stack. Where nobody can have touched it since, not even that is done: to have the
 * system look through a mebibyte of pages takes a tenth of a short request.
 */
export class Clearing {
  readonly #from: number;
  readonly #to: number;
  readonly #pages: Pages;
  /** What is given back: whole pages. */
  #coldFrom: number;
  #coldTo: number;
  /** What is given back, of the memory that had this buffer. */
  #run: PageRun | undefined;
  #buffer: ArrayBuffer | undefined;
  /** `Pages.faults` before it was given back. */
  #faults: number | undefined;
  /** Until the next look, which is not before the second time: what is there the first time is also of who made the memory. */
  #untilLook = 1;
  #lookAfter = LOOK_AFTER;

  constructor(from: number, to: number, pages: Pages) {
    const { pageBytes } = pages;
    this.#from = from;
    this.#to = to;
    this.#pages = pages;
    this.#coldFrom = Math.ceil(from / pageBytes) * pageBytes;
    this.#coldTo = Math.floor(to / pageBytes) * pageBytes;
  }

  /**
   * @param bytes Of the whole memory.
   * @param faults `Pages.faults`, since somebody has last touched the memory.
   */
  clear(bytes: Uint8Array<ArrayBuffer>, faults: number | undefined): void {
    const { buffer } = bytes;
    if (buffer !== this.#buffer) this.#forget();
    this.#buffer = buffer;
    if (this.#untilLook-- === 0 && this.#isWorthIt(faults)) this.#look(buffer);
    if (!this.#isWorthIt(faults) || !this.#giveBack(buffer, faults)) this.#coldTo = this.#coldFrom;
    bytes.fill(0, this.#from, this.#coldFrom);
    bytes.fill(0, this.#coldTo, this.#to);
  }

  #runOf(buffer: ArrayBuffer): PageRun {
    return (this.#run ??= this.#pages.run(buffer, this.#coldFrom, this.#coldTo));
  }

  /** @returns Whether it is 0 again. */
  #giveBack(buffer: ArrayBuffer, faults: number | undefined): boolean {
    const run = this.#runOf(buffer);
    if (faults !== undefined && faults === this.#faults) return true;
    this.#faults = run.isWatched ? faults : undefined;
    return run.discard();
  }

  #forget(): void {
    this.#run = undefined;
    this.#faults = undefined;
  }

  #isWorthIt(faults: number | undefined): boolean {
    return this.#coldTo - this.#coldFrom >= (faults === undefined ? LEAST_BYTES : LEAST_WATCHED);
  }

  #look(buffer: ArrayBuffer): void {
    const { pageBytes } = this.#pages;
    const [from, to] = longestRun(this.#runOf(buffer).touched() ?? []);
    const isAsBefore = from === 0 && this.#coldFrom + to * pageBytes === this.#coldTo;
    this.#lookAfter = isAsBefore ? Math.min(2 * this.#lookAfter, LOOK_AFTER_MOST) : LOOK_AFTER;
    this.#untilLook = this.#lookAfter - 1;
    if (isAsBefore) return;
    this.#coldTo = this.#coldFrom + to * pageBytes;
    this.#coldFrom += from * pageBytes;
    this.#forget();
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
