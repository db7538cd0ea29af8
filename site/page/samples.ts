/** Guests that lie beside the page. */
import { SAMPLES, type Sample } from "../catalog.ts";
import type { Files } from "../protocol.ts";
import type { NewGuest } from "./model.ts";

const fetched = new Map<string, Promise<Uint8Array>>();

export function sampleOf(file: string): Sample {
  const sample = SAMPLES.find((each) => each.file === file);
  if (!sample) throw new RangeError(`There is no guest ${file}`);
  return sample;
}

/** @throws {Error} If it cannot be fetched. */
export async function guestOf({ file, name, language, args, env, asked }: Sample): Promise<NewGuest> {
  let component = fetched.get(file);
  if (!component) fetched.set(file, (component = bytesOf(file)));
  try {
    return { name, origin: language, component: await component, args, env, asked };
  } catch (error) {
    fetched.delete(file);
    throw error;
  }
}

async function bytesOf(file: string): Promise<Uint8Array> {
  const response = await fetch(new URL(`guests/${file}.wasm`, document.baseURI));
  if (!response.ok) throw new Error(`${file}.wasm cannot be fetched: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** A file that is long enough to flow for a while. */
export function riverFiles(): Files {
  return { "river.txt": new TextEncoder().encode(numberedLines()) };
}

/** Some hundred numbered lines, as an input that flows for a while. */
export function numberedLines(): string {
  const words = ["over the weir", "the river goes", "it asks nobody", "how it flows", "but close the gate", "and wait"];
  return Array.from({ length: 12_000 }, (_, line) => `${line + 1} ${words[line % words.length] ?? ""}\n`).join("");
}
