/** Who waits for whom. */
import type { Frame } from "../protocol.ts";
import type { Guest, Stage } from "./model.ts";

export interface Wait {
  /** For room in front of its gate, for bytes from behind one, or until the last of what it wrote has left. */
  readonly is: "full" | "empty" | "leaving";
  /** Whom it waits for. */
  readonly for: string;
}

/** What a guest waits for, if it waits for a stream. */
export function waitOf(stage: Stage, guest: Guest, { channels, files, guests }: Frame): Wait | undefined {
  const to = guest.next?.name ?? stage.askerOf(guest)?.name ?? "the screen";
  if (guests[stage.guests.indexOf(guest)]?.isLeaving) return { is: "leaving", for: to };
  for (const [index, key] of stage.channels().entries()) {
    const frame = channels[index];
    const asker = stage.askerOf(key.guest);
    const writer = key.is === "input" ? asker : key.guest;
    if (frame?.writerWaits && writer === guest) {
      return { is: "full", for: key.is === "input" ? key.guest.name : to };
    }
    const reader = key.is === "input" ? key.guest : (key.guest.next ?? asker);
    if (frame?.readerWaits && reader === guest) {
      return { is: "empty", for: writer ? writer.name : "input" };
    }
  }
  for (const file of files) {
    if (stage.guests[file.guest] !== guest) continue;
    if (file.writerWaits) return { is: "full", for: file.path };
    if (file.readerWaits) return { is: "empty", for: file.path };
  }
  return undefined;
}
