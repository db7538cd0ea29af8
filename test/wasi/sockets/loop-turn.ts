/* oxlint-disable no-await-in-loop -- one turn after the other */

/** Enough that the system has had its turn too: it delivers what goes over loopback in the background. */
const TURNS = 20;

/** Lets the event loop turn a few times. */
export async function loopTurn(): Promise<void> {
  for (let turns = 0; turns < TURNS; turns++) await new Promise((resolve) => setImmediate(resolve));
}
