/* Writes, then leaves with the status that its argument says. */
#include "p1.h"

EXPORT(_start) void start(void) {
  say("leaving");
  proc_exit(argument());
}
