/** A thread that waits in the middle of its code: its whole stack is suspended. */
import type { CoreValue } from "../../abi/type.ts";
import { Trap } from "../../io/trap.ts";
import type { Task } from "../../wait/task.ts";
import type { Wait } from "../../wait/store.ts";
import type { Thread } from "../../wait/threads.ts";

export interface Blocking {
  readonly isReady: () => boolean;
  readonly cancellable: boolean;
  /** See `Wait`; false if it is left out. */
  readonly isOutside?: boolean;
  /** Told what is to be called when `isReady` may have changed. */
  readonly watch: (again: () => void) => void;
  /** The result of the call in whose middle it waits. */
  readonly result: (isCancelled: boolean) => CoreValue | undefined;
}

/**
 * Has the thread that runs wait, until others have had their turn at least. Returns what the attempt then does, that is
 * making the call.
 *
 * @throws {Trap} If it is in a call that cannot wait, since its type is not async.
 */
export function blockThread(
  task: Task,
  thread: Thread,
  { isReady, cancellable, isOutside = false, watch, result }: Blocking,
): number {
  const { call, group } = thread;
  if (call.deliverPendingCancel(cancellable)) {
    // Told at once, and as after a wait.
    return task.pendUntil((done) => done(result(true)));
  }
  if (!call.form.type.async && call.state !== "resolved" && !isReady()) {
    if (!group.hasReady(thread))
      throw new Trap("4.3", "a call that is not async waits for what nobody else can bring about");
  }
  return task.pendUntil((done, failed) => {
    const wait: Wait = {
      thread,
      cancellable,
      isReady,
      isOutside,
      resume: (isCancelled) => {
        thread.resuming();
        try {
          done(result(isCancelled));
        } catch (error) {
          failed(error);
        }
      },
      fail: failed,
      isOver: false,
      place: -1,
    };
    group.store.wait(wait);
    const again = (): void => group.store.enqueue(wait);
    watch(again);
    again();
  });
}
