/** Where guests run: a thread of their own, so that the page stays alive whatever they do. */
import type { FromWorker, ToWorker } from "../protocol.ts";
import { Components } from "./components.ts";
import { Run } from "./run.ts";

const components = new Components();
let run: Run | undefined;

function tell(message: FromWorker): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
  self.postMessage(message);
}

function hear(message: ToWorker): void {
  switch (message.is) {
    case "prepare":
      components.prepare(message.component, message.bytes);
      break;
    case "forget":
      components.forget(message.component);
      break;
    case "run": {
      const begun = new Run(message.plan, components, tell);
      run = begun;
      // A fault of ours, which the page hears of as an error.
      begun.play().catch(reportError);
      break;
    }
    case "rehearse":
      // What fails then fails again when it is run.
      void new Run(message.plan, components, () => {})
        .play()
        .catch(() => {})
        .then(() => tell({ is: "rehearsed" }));
      break;
    case "rate":
      run?.setRate(message.channel, message.rate);
      break;
    case "let":
      run?.let(message.channel, message.bytes);
      break;
    case "file-rate": {
      const valve = run?.valve(message.guest, message.index);
      if (valve) valve.rate = message.rate;
      break;
    }
    case "file-let":
      run?.valve(message.guest, message.index)?.let(message.bytes);
      break;
    case "type":
      run?.type(message.channel, message.bytes, message.isLast);
      break;
    case "terminal":
      run?.hear(message.terminal, message.event);
      break;
    case "stop":
      run?.stop();
      break;
  }
}

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => hear(data));
tell({ is: "ready", canSuspend: "Suspending" in WebAssembly });
