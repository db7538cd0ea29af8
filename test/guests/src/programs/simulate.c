/* Makes the calls of a script, on handles in slots: see scripts/simulate/calls.ts for what the numbers are. */
#include "fs.h"

enum {
  CALL_GET_STDOUT, CALL_GET_STDERR, CALL_GET_STDIN, CALL_DROP, CALL_SUBSCRIBE, CALL_TIMER,
  CALL_CHECK, CALL_WRITE, CALL_WRITE_RAW, CALL_ZEROES, CALL_FLUSH, CALL_BLOCKING_FLUSH,
  CALL_BLOCKING_WRITE, CALL_BLOCKING_ZEROES, CALL_SPLICE, CALL_BLOCKING_SPLICE, CALL_READ,
  CALL_BLOCKING_READ, CALL_SKIP, CALL_BLOCKING_SKIP, CALL_READY, CALL_BLOCK, CALL_POLL,
  CALL_SPIN_CHECK, CALL_SPIN_READ, CALL_SPIN_READY, CALL_EXIT, CALL_TRAP_NOW,
  CALL_UNKNOWN_HANDLE, CALL_OPEN_READ, CALL_OPEN_WRITE, CALL_OPEN_APPEND,
};
enum { SKIPPED = 3, SLOTS = 16, FIRST_INPUT = 4, FIRST_POLLABLE = 8, MOST_CALLS = 64, SPINS = 1000000 };

static uint32_t slots[SLOTS];
/* What the last check-write of a slot has permitted, and no write has spent. */
static uint64_t permits[SLOTS];
static uint8_t content[20480];
static uint32_t answers[MOST_CALLS * 3];
static uint32_t script[MOST_CALLS * 4];
static descriptor file;

/* Bytes that tell the call that wrote them. */
static const void *bytes_of(uint32_t serial, uint32_t count) {
  for (uint32_t i = 0; i < count && i < sizeof content; i++) content[i] = (uint8_t)(serial * 31 + i);
  return content;
}

static uint32_t hash_of(outcome read) {
  uint32_t hash = 7;
  for (uint64_t i = 0; i < read.count; i++) hash = hash * 31 + read.bytes[i];
  return hash;
}

static void drop_slot(uint32_t slot) {
  uint32_t handle = slots[slot];
  slots[slot] = 0;
  permits[slot] = 0;
  if (slot >= FIRST_POLLABLE) pollable_drop(handle);
  else if (slot >= FIRST_INPUT) input_drop(handle);
  else output_drop(handle);
}

static outcome spent(uint32_t slot, outcome written, uint64_t count) {
  permits[slot] = 0;
  if (written.status == OK) written.count = count;
  return written;
}

static outcome checked(uint32_t slot) {
  outcome check = output_check_write(slots[slot]);
  permits[slot] = check.status == OK ? check.count : 0;
  return check;
}

static descriptor the_file(void) {
  if (file == 0) {
    preopened_list list;
    fs_result_handle opened;
    arena_reset();
    get_directories_(&list);
    open_at_(list.at[0].handle, SYMLINK_FOLLOW, "f", 1, OPEN, READ | WRITE, &opened);
    if (opened.is_err) __builtin_trap();
    file = opened.value;
  }
  return file;
}

static outcome opened(uint32_t slot, fs_result_handle result) {
  if (result.is_err) return (outcome){.status = FAILED};
  slots[slot] = result.value;
  return (outcome){.status = OK};
}

static outcome polled(uint32_t mask) {
  pollable list[16];
  uint32_t length = 0;
  for (int round = 0; round < (mask & 256 ? 2 : 1); round++)
    for (uint32_t i = 0; i < 8; i++)
      if (mask >> i & 1 && slots[FIRST_POLLABLE + i]) list[length++] = slots[FIRST_POLLABLE + i];
  if (length == 0 && !(mask & 512)) return (outcome){.status = SKIPPED};
  index_list ready = poll(list, length);
  uint64_t found = 0;
  for (uint32_t i = 0; i < ready.length; i++) {
    /* In ascending order, or it is no answer at all. */
    if (found >> ready.at[i]) return (outcome){.status = OK, .count = 1 << 20};
    found |= 1u << ready.at[i];
  }
  return (outcome){.status = OK, .count = found};
}

static outcome made(uint32_t call, uint32_t a, uint32_t b, uint32_t c) {
  switch (call) {
    case CALL_GET_STDOUT: slots[a] = get_stdout(); break;
    case CALL_GET_STDERR: slots[a] = get_stderr(); break;
    case CALL_GET_STDIN: slots[a] = get_stdin(); break;
    case CALL_DROP: drop_slot(a); break;
    case CALL_SUBSCRIBE: slots[b] = a >= FIRST_INPUT ? input_subscribe(slots[a]) : output_subscribe(slots[a]); break;
    case CALL_TIMER: slots[a] = subscribe_duration(b); break;
    case CALL_CHECK: return checked(a);
    case CALL_WRITE: {
      uint32_t count = b < permits[a] ? b : (uint32_t)permits[a];
      return spent(a, output_write(slots[a], bytes_of(c, count), count), count);
    }
    case CALL_WRITE_RAW: return spent(a, output_write(slots[a], bytes_of(c, b), b), b);
    case CALL_ZEROES: return spent(a, output_write_zeroes(slots[a], b), b);
    case CALL_FLUSH: permits[a] = 0; return output_flush(slots[a]);
    case CALL_BLOCKING_FLUSH: permits[a] = 0; return output_blocking_flush(slots[a]);
    case CALL_BLOCKING_WRITE: return spent(a, output_blocking_write_and_flush(slots[a], bytes_of(c, b), b), b);
    case CALL_BLOCKING_ZEROES: return spent(a, output_blocking_write_zeroes_and_flush(slots[a], b), b);
    case CALL_SPLICE: permits[a] = 0; return output_splice(slots[a], slots[b], c);
    case CALL_BLOCKING_SPLICE: permits[a] = 0; return output_blocking_splice(slots[a], slots[b], c);
    case CALL_READ: return input_read(slots[a], b);
    case CALL_BLOCKING_READ: return input_blocking_read(slots[a], b);
    case CALL_SKIP: return input_skip(slots[a], b);
    case CALL_BLOCKING_SKIP: return input_blocking_skip(slots[a], b);
    case CALL_READY: return (outcome){.status = OK, .count = pollable_ready(slots[a])};
    case CALL_BLOCK: pollable_block(slots[a]); break;
    case CALL_SPIN_CHECK:
      for (int spin = 0; spin < SPINS; spin++) {
        outcome check = checked(a);
        if (check.status != OK || check.count > 0) return check;
      }
      __builtin_trap();
    case CALL_SPIN_READ:
      for (int spin = 0; spin < SPINS; spin++) {
        outcome read = input_read(slots[a], b);
        if (read.status != OK || read.count > 0) return read;
      }
      __builtin_trap();
    case CALL_SPIN_READY:
      for (int spin = 0; spin < SPINS; spin++)
        if (pollable_ready(slots[a])) return (outcome){.status = OK, .count = 1};
      __builtin_trap();
    case CALL_OPEN_READ: {
      fs_result_handle result;
      read_via_stream_(the_file(), b, &result);
      return opened(a, result);
    }
    case CALL_OPEN_WRITE: {
      fs_result_handle result;
      write_via_stream_(the_file(), b, &result);
      return opened(a, result);
    }
    case CALL_OPEN_APPEND: {
      fs_result_handle result;
      append_via_stream_(the_file(), &result);
      return opened(a, result);
    }
    case CALL_EXIT: exit_with_code((int32_t)a);
    case CALL_UNKNOWN_HANDLE: return output_check_write(1000000);
    default: __builtin_trap();
  }
  return (outcome){.status = OK};
}

/* Whether the slots are as the call needs them: one that is to be filled is empty, all others are not. */
static bool fits(uint32_t call, uint32_t a, uint32_t b) {
  switch (call) {
    case CALL_GET_STDOUT: case CALL_GET_STDERR: case CALL_GET_STDIN: case CALL_TIMER:
    case CALL_OPEN_READ: case CALL_OPEN_WRITE: case CALL_OPEN_APPEND: return !slots[a];
    case CALL_SUBSCRIBE: return slots[a] && !slots[b];
    case CALL_SPLICE: case CALL_BLOCKING_SPLICE: return slots[a] && slots[b];
    case CALL_POLL: case CALL_EXIT: case CALL_TRAP_NOW: case CALL_UNKNOWN_HANDLE: return true;
    default: return slots[a];
  }
}

WASM_EXPORT("sluice:guests/script#play")
const byte_list *play(const uint32_t *numbers, uint32_t length) {
  static byte_list result;
  uint32_t calls = length / 4 < MOST_CALLS ? length / 4 : MOST_CALLS;
  /* What comes from the host is where the next call puts its own. */
  __builtin_memcpy(script, numbers, calls * 16);
  for (uint32_t i = 0; i < calls; i++) {
    const uint32_t *one = script + i * 4;
    outcome came = {.status = SKIPPED};
    if (fits(one[0], one[1], one[2])) came = one[0] == CALL_POLL ? polled(one[1]) : made(one[0], one[1], one[2], one[3]);
    if (came.status == FAILED && came.error) error_drop(came.error);
    answers[i * 3] = came.status;
    answers[i * 3 + 1] = (uint32_t)came.count;
    answers[i * 3 + 2] = came.bytes ? hash_of(came) : 0;
  }
  arena_reset();
  result = (byte_list){(const uint8_t *)answers, calls * 3};
  return &result;
}
