// Builds dist/: our TypeScript.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { link } from "./link.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

// Nothing stays whose source is gone: all of dist/ is published.
rmSync(join(root, "dist"), { recursive: true, force: true });
execFileSync(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-b", "tsconfig.node.json"], {
  cwd: root,
  stdio: "inherit",
});
link(join(root, "dist"), "cli/main.js", "cli/sluice.js");
