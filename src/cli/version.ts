import { readFileSync } from "node:fs";

export function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  const { version: number } = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string };
  return number;
}
