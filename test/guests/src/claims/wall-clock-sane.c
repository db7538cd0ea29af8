/* Claim: the wall clock shows a time of this century, in seconds and nanoseconds.
 * Rules: 7.6 */
#include "claim.h"

static void claim(void) {
  datetime now, resolution;
  wall_now(&now);
  expect(now.seconds > 1700000000 && now.seconds < 4102444800, "a time between 2023 and 2100");
  expect(now.nanoseconds < 1000000000, "nanoseconds < 1,000,000,000");
  wall_resolution(&resolution);
  expect(resolution.seconds > 0 || resolution.nanoseconds > 0, "a resolution > 0");
}
