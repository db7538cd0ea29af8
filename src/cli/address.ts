import { UsageError } from "./usage.ts";

/**
 * An address to listen at, as `[ADDRESS:]PORT` has it.
 *
 * @param example Such an address, for the message.
 * @throws {UsageError}
 */
export function listenAddress(
  text: string,
  option: string,
  example: string,
): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d+)$/.exec(text) ?? [];
  const port = Number(digits ?? NaN);
  if (!(port <= 65_535)) {
    throw new UsageError(`${option} expects [ADDRESS:]PORT, such as ${example}, got ${JSON.stringify(text)}`);
  }
  return { host: bracketed ?? plain ?? "127.0.0.1", port };
}

/** As the first part of a URL has it. */
export function inUrl(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
