/* Claim: poll of an empty list traps.
 * Rules: 4.4 */
#include "claim.h"

static void claim(void) {
  pollable none;
  poll(&none, 0);
  not_trapped();
}
