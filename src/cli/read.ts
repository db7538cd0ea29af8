import { readFileSync } from "node:fs";
import { UsageError } from "./usage.ts";

/** The bytes of a component's file. @throws {UsageError} If there is nothing to read. */
export function readComponent(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(unreadable(path, error));
  }
}

function unreadable(path: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT")
    return `${path}: There is no such file: expected a component, or a command (run, serve, build, types, inspect, work, pipe, put, get, help)`;
  if (code === "EISDIR") return `${path}: This is a folder: expected the file of a component`;
  if (code === "EACCES") return `${path}: You may not read this file: expected a component that you may`;
  return `${path}: The file cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
