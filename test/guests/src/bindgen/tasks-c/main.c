// Functions of WASI 0.3 in C, over what wit-bindgen makes of world.wit.
#include "guest.h"

// Waits in the middle of the code, if what was begun is not complete at once.
static uint32_t finish(uint32_t waitable, guest_waitable_status_t status) {
  if (status != GUEST_WAITABLE_STATUS_BLOCKED) return status;
  guest_waitable_set_t set = guest_waitable_set_new();
  guest_event_t event;
  guest_waitable_join(waitable, set);
  guest_waitable_set_wait(set, &event);
  guest_waitable_join(waitable, 0);
  guest_waitable_set_drop(set);
  return event.code;
}

// Whether all was written.
static bool write_all(guest_stream_u8_writer_t to, const uint8_t *bytes, uint32_t count) {
  for (uint32_t at = 0; at < count;) {
    uint32_t told = finish(to, guest_stream_u8_write(to, bytes + at, count - at));
    at += GUEST_WAITABLE_COUNT(told);
    if (GUEST_WAITABLE_STATE(told) == GUEST_WAITABLE_DROPPED) return at == count;
  }
  return true;
}

guest_callback_code_t exports_guest_upper(guest_stream_u8_t text) {
  static uint8_t bytes[4096];
  guest_stream_u8_writer_t to;
  exports_guest_upper_return(guest_stream_u8_new(&to));
  for (;;) {
    uint32_t told = finish(text, guest_stream_u8_read(text, bytes, sizeof bytes));
    uint32_t count = GUEST_WAITABLE_COUNT(told);
    for (uint32_t at = 0; at < count; at++)
      if (bytes[at] >= 'a' && bytes[at] <= 'z') bytes[at] -= 'a' - 'A';
    if (!write_all(to, bytes, count) || GUEST_WAITABLE_STATE(told) == GUEST_WAITABLE_DROPPED) break;
  }
  guest_stream_u8_drop_readable(text);
  guest_stream_u8_drop_writable(to);
  return GUEST_CALLBACK_CODE_EXIT;
}

guest_callback_code_t exports_guest_upper_callback(guest_event_t *event) {
  (void)event;
  __builtin_trap();
}

// A call under way: where its result goes, and what it waits in.
static struct call {
  uint32_t result;
  guest_waitable_set_t set;
  bool is_used;
} calls[64];

static guest_callback_code_t returned(struct call *call) {
  call->is_used = false;
  exports_guest_slow_return(call->result + 1);
  return GUEST_CALLBACK_CODE_EXIT;
}

guest_callback_code_t exports_guest_slow(uint32_t n) {
  struct call *call = calls;
  while (call->is_used) call++;
  call->is_used = true;
  guest_subtask_status_t status = guest_host(n, &call->result);
  if (GUEST_SUBTASK_STATE(status) == GUEST_SUBTASK_RETURNED) return returned(call);
  call->set = guest_waitable_set_new();
  guest_waitable_join(GUEST_SUBTASK_HANDLE(status), call->set);
  guest_context_set_0(call);
  return GUEST_CALLBACK_CODE_WAIT(call->set);
}

guest_callback_code_t exports_guest_slow_callback(guest_event_t *event) {
  struct call *call = guest_context_get_0();
  if (event->event != GUEST_EVENT_SUBTASK || event->code != GUEST_SUBTASK_RETURNED) __builtin_trap();
  guest_subtask_drop(event->waitable);
  guest_waitable_set_drop(call->set);
  return returned(call);
}
