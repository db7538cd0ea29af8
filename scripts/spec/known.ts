/** Commands of scripts that are known to go otherwise than they say. */
import { readFileSync } from "node:fs";

/** One list of spec-known.json. `commands` has lines by file, such as `test/values/strings.wast`. */
interface KnownList {
  readonly reason: string;
  readonly commands: Readonly<Record<string, readonly number[]>>;
}

export class KnownFailures {
  readonly #files = new Map<string, Set<number>>();

  constructor(lists: readonly KnownList[]) {
    for (const [file, lines] of lists.flatMap(({ commands }) => Object.entries(commands))) {
      this.#files.set(file, new Set([...(this.#files.get(file) ?? []), ...lines]));
    }
  }

  /** @param file Its whole path, which ends as the list has it. */
  has(file: string, line: number): boolean {
    const path = file.replaceAll("\\", "/");
    return [...this.#files].some(([known, lines]) => path.endsWith(`/${known}`) && lines.has(line));
  }
}

export function knownFailures(): KnownFailures {
  const text = readFileSync(new URL("../spec-known.json", import.meta.url), "utf8");
  // Ours, in this form.
  return new KnownFailures(JSON.parse(text) as readonly KnownList[]);
}
