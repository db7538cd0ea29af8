/** Where guests run: a thread of their own, so that the page stays alive whatever they do. */
import type { FromWorker, ToWorker } from "../protocol.ts";
import { Run } from "./run.ts";

let run: Run | undefined;

function tell(message: FromWorker): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
  self.postMessage(message);
}

function hear(message: ToWorker): void {
  switch (message.is) {
    case "run": {
      const begun = new Run(message.plan, tell);
      run = begun;
      void begun.play();
      break;
    }
    case "rate":
      run?.setRate(message.channel, message.rate);
      break;
    case "let":
      run?.let(message.channel, message.bytes);
      break;
    case "type":
      run?.type(message.channel, message.bytes, message.isLast);
      break;
    case "stop":
      run?.stop();
      break;
  }
}

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => hear(data));
tell({ is: "ready", canSuspend: "Suspending" in WebAssembly });
