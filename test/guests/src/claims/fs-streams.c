/* Claim: each stream of a file has a position of its own, and needs no descriptor any more.
 * Rules: 8.1, 8.2, 8.3, 8.4, 8.5 */
#include "fs-claim.h"
#include "pattern.h"

static input_stream reader(descriptor file, uint64_t offset) {
  return expect_value("read-via-stream", read_via_stream(file, offset));
}
static output_stream writer(descriptor file, uint64_t offset) {
  return expect_value("write-via-stream", write_via_stream(file, offset));
}
static output_stream appender(descriptor file) {
  return expect_value("append-via-stream", append_via_stream(file));
}
static descriptor new_file(const char *path, const char *text) {
  put_file(top(), path, text);
  return open_file(path, OPEN, READ | WRITE);
}
/* Writes, and waits until it is in the file. */
static void put(output_stream out, const char *text) {
  write_text(out, text);
  finish(out);
}
static void expect_end(input_stream in) {
  expect_closed("blocking-read at the end", input_blocking_read(in, 10));
}

static void read_at_offsets(void) {
  descriptor file = new_file("read", "0123456789");
  input_stream one = reader(file, 0), two = reader(file, 3), end = reader(file, 10),
               beyond = reader(file, 1000);
  expect_text(one, "01");
  expect_text(two, "34");
  expect_text(one, "2345");
  expect_text(two, "56789");
  expect_end(two);
  expect_text(one, "6789");
  expect_end(one);
  expect_end(end);
  expect_end(beyond);
  expect_input_closed(two);

  /* The end stays, even if the file grows; a new stream begins where it is told to. */
  put(appender(file), "abc");
  expect_end(one);
  expect_text(reader(file, 10), "abc");

  input_stream skipping = reader(file, 0);
  expect_count("skip", 4, expect_ok("skip", input_blocking_skip(skipping, 4)));
  expect_text(skipping, "4567");
}

static void write_at_offsets(void) {
  descriptor file = new_file("write", "0123456789");
  output_stream one = writer(file, 2), two = writer(file, 8);
  put(one, "ab");
  put(two, "yz!");
  put(one, "c");
  expect_bytes(file, "01abc567yz!", 11);
  put(two, "?");
  expect_bytes(file, "01abc567yz!?", 12);
  put(writer(file, 16), "end");
  expect_bytes(file, "01abc567yz!?\0\0\0\0end", 19);
  expect_ok("blocking-write-and-flush of nothing",
            output_blocking_write_and_flush(writer(file, 30), "", 0));
  expect_count("size", 19, expect_stat("stat", stat(file)).size);
}

static void append(void) {
  descriptor file = new_file("append", "0");
  output_stream one = appender(file), two = appender(file), at_start = writer(file, 0);
  put(one, "a");
  put(two, "b");
  put(one, "c");
  put(at_start, "!");
  expect_bytes(file, "!abc", 4);
  expect_done("set-size", set_size(file, 2));
  put(one, "d");
  expect_bytes(file, "!ad", 3);
  expect_done("set-size", set_size(file, 5));
  put(two, "e");
  expect_bytes(file, "!ad\0\0e", 6);
}

static void outlive_descriptor(void) {
  descriptor file = new_file("outlive", "0123456789");
  input_stream in = reader(file, 2);
  output_stream out = writer(file, 4), end = appender(file);
  descriptor_drop(file);
  put(out, "x");
  put(end, "y");
  expect_text(in, "23x56789y");
  expect_end(in);
  expect_done("unlink", unlink_file_at(top(), "outlive"));
  put(end, "z");
}

/* Streams and the descriptor's own reads and writes do not move each other. */
static void beside_descriptor(void) {
  descriptor file = new_file("beside", "0123456789");
  input_stream in = reader(file, 0);
  expect_text(in, "01");
  fs_answer part = expect_code("read", FS_OK, file_read(file, 3, 5));
  expect(equals(part.bytes, "567") && !part.value, "read(3, 5) to give `567` and no end");
  part = expect_code("read", FS_OK, file_read(file, 3, 10));
  expect(part.bytes.length == 0 && part.value, "read at the end to give nothing and the end");
  expect_count("write", 1, expect_value("write", file_write(file, "x", 1, 3)));
  expect_text(reader(file, 0), "012x456789");
}

/* More than a host may take at once, through permits, and back. */
static void long_run(void) {
  enum { LENGTH = 3000000, CHUNK = 100000 };
  descriptor file = new_file("long", "");
  output_stream out = writer(file, 0);
  for (uint32_t done = 0; done < LENGTH; done += CHUNK) write_all(out, pattern_at(done, CHUNK), CHUNK);
  finish(out);
  output_drop(out);
  expect_count("size", LENGTH, expect_stat("stat", stat(file)).size);
  input_stream in = reader(file, 0);
  for (uint32_t done = 0; done < LENGTH;) {
    outcome some = input_blocking_read(in, CHUNK);
    uint32_t count = (uint32_t)expect_ok("blocking-read", some);
    expect(count > 0 && count <= CHUNK, "blocking-read(n) to give 1 to n bytes");
    expect(same_bytes(some.bytes, pattern_at(done, count), count), "the bytes that were written");
    done += count;
  }
  expect_end(in);
}

/* Without a wait, read makes progress too, and a pollable tells when. */
static void poll_and_splice(void) {
  descriptor from = new_file("from", "0123456789"), to = new_file("to", "");
  input_stream in = reader(from, 0);
  output_stream out = writer(to, 0);
  wait_readable(in);
  outcome some = input_read(in, 4);
  expect_ok("read", some);
  expect(some.count > 0 && some.count <= 4, "read after a wait to give 1 to 4 bytes");
  expect(same_bytes(some.bytes, "0123", some.count), "the bytes of the file");
  for (uint64_t left = 10 - some.count; left > 0;) {
    uint64_t moved = expect_ok("blocking-splice", output_blocking_splice(out, in, left));
    expect(moved <= left, "splice(n) to move at most n bytes");
    left -= moved;
  }
  finish(out);
  expect_end(in);
  expect_bytes(to, &"0123456789"[some.count], 10 - (uint32_t)some.count);
  wait_writable(out);
  expect_ok("blocking-write-zeroes-and-flush", output_blocking_write_zeroes_and_flush(out, 2));
  expect_count("size", 12 - some.count, expect_stat("stat", stat(to)).size);
}

static void claim(void) {
  read_at_offsets();
  write_at_offsets();
  append();
  outlive_descriptor();
  beside_descriptor();
  long_run();
  poll_and_splice();
}
