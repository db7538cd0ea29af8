/* Claim: a disk that is full is an error of the stream, with its error-code. Writes a file until
 * then, or 64 MiB. Prints how many bytes were flushed, and the error-code.
 * Rules: 5.3, 8.4 */
#include "fs-claim.h"

static void tell(uint64_t total, const char *end) {
  add_number(total);
  add(" bytes: ");
  add(end);
  print_line();
}

static void claim(void) {
  descriptor file = open_file("file", CREATE, WRITE);
  output_stream out = expect_value("write-via-stream", write_via_stream(file, 0));
  for (uint64_t total = 0; total < 64 << 20; total += sizeof filler) {
    outcome came = write_fully(out, filler, sizeof filler);
    if (came.status == OK) came = output_blocking_flush(out);
    if (came.status == OK) continue;
    expect_status("write on a full disk", FAILED, came);
    optional_error_code code;
    filesystem_error_code(came.error, &code);
    tell(total, code.is_some ? fs_code_names[code.code] : "no error-code");
    output_drop(out);
    descriptor_drop(file);
    expect_done("unlink-file-at", unlink_file_at(top(), "file"));
    return;
  }
  fail("expected the disk to be full");
}
