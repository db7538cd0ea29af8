import { quoted } from "../../io/quoted.ts";
import { hasMethods } from "../../io/shape.ts";
import { told } from "../../io/told.ts";
import type { Platform } from "../../run/platform.ts";
import { nodeLoop, nodeMonotonicClock, nodeWallClock } from "./clock.ts";
import { isOurs, type OpenDirectory } from "../../wasi/filesystem/files.ts";
import { givenDirectory } from "../../wasi/filesystem/checked-files.ts";
import { nodeDirectory, NodeRoot } from "./files.ts";
import { linuxPages } from "./pages.ts";
import { assertStreams, inputSource, openStandard, outputSink } from "./stdio.ts";

/** Node, and what is compatible with it. */
export const nodePlatform: Platform = {
  loop: nodeLoop,
  monotonicClock: nodeMonotonicClock,
  wallClock: nodeWallClock,
  // Fetched when it is needed: it takes 5 ms to load.
  random: { fill: (into) => void process.getBuiltinModule("node:crypto").randomFillSync(into) },
  network: async () => (await import("./net/ports.ts")).nodeNetwork,
  async http() {
    const { NodeHttpClient } = await import("./http/client.ts");
    return (resolve, maxExchanges) => new NodeHttpClient(resolve, maxExchanges);
  },
  web: async () => (await import("../web/carry.ts")).clientOf,
  pages: linuxPages,
  standard: openStandard,
  directory: openDirectory,
  assertStreams,
  source: (value, name) => inputSource(value, name)(),
  sink: (value, name) => outputSink(value, name)(),
};

/** What a preopened directory can be: a path of the host's, or an open directory of any file system. */
export type Directory = string | OpenDirectory;

function openDirectory(value: unknown, path: string, blocking: boolean): OpenDirectory {
  if (typeof value === "string") return nodeDirectory(value, { blocking });
  if (typeof value === "object" && value !== null && "kind" in value && value.kind === "directory") {
    // Anything that says so is an embedder's own file system: what it gives is checked.
    const directory = value as OpenDirectory;
    if (isOurs(directory)) return directory;
    if (NodeRoot.is(directory)) directory.openAgain();
    return givenDirectory(directory, `preopens[${quoted(path)}]`);
  }
  throw new TypeError(
    `expected the path of a directory or an OpenDirectory, got ${told(value)}${hasMethods(value, "root") ? "; give its root()" : ""}`,
  );
}
