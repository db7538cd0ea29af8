// The thread of a guest that the command isolates: see src/cli/isolated.ts.
"use strict";
void require("./start.js").runInThread();
