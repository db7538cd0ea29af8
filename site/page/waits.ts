/** Who waits for whom. */
import type { ChannelFrame } from "../protocol.ts";
import type { Guest, Stage } from "./model.ts";

export interface Wait {
  /** For room in front of its gate, or for bytes from behind one. */
  readonly is: "full" | "empty";
  /** Whom it waits for. */
  readonly for: string;
}

/** What a guest waits for, if it waits for a stream. @param channels In the order of `stage.channels()`. */
export function waitOf(stage: Stage, guest: Guest, channels: readonly ChannelFrame[]): Wait | undefined {
  for (const [index, key] of stage.channels().entries()) {
    const frame = channels[index];
    if (frame?.writerWaits && key.is === "output" && key.guest === guest) {
      return { is: "full", for: guest.next?.name ?? "the screen" };
    }
    const reader = key.is === "input" ? key.guest : key.guest.next;
    if (frame?.readerWaits && reader === guest) {
      return { is: "empty", for: key.is === "input" ? "input" : key.guest.name };
    }
  }
  return undefined;
}
