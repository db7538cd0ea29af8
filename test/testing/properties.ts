/**
 * fast-check, with one seed for all: `npm test` plays the same each time, so that who changes a line is told of that line.
 * `SEED=random npm test` looks for what nobody has seen yet, and `SEED=NUMBER` plays again what was found: each failure prints it.
 */
import fc from "fast-check";

const { SEED = "1" } = process.env;
const seed = Number(SEED);
if (SEED !== "random" && !Number.isInteger(seed)) {
  throw new RangeError(`SEED must be an integer or "random"; got ${JSON.stringify(SEED)}`);
}
if (SEED !== "random") fc.configureGlobal({ seed });

export default fc;
