/* Claim: a guest that opens a file ever again and drops nothing gets an error or traps, in time.
 * Prints how many it had.
 * Rules: 1.2 */
#include "fs-claim.h"

static void claim(void) {
  put_file(top(), "file", "");
  for (uint32_t count = 0; count < 2000000; count++) {
    fs_answer opened = open_at(top(), NO_FOLLOW, "file", OPEN, READ);
    if (opened.code == FS_OK) continue;
    add_number(count);
    add(": ");
    add(fs_code_names[opened.code]);
    print_line();
    return;
  }
  fail("expected an error before 2000000 descriptors");
}
