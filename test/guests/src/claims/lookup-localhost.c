/* Claim: a lookup is waited for with its pollable, gives addresses one by one, then none, however
 * often it is asked; what was dropped in the middle does no harm.
 * Rules: 10.13, 10.14 */
#include "udp.h"

static void claim(void) {
  address_stream dropped = (address_stream)expect_value("resolve", resolve_addresses("localhost"));
  address_stream_drop(dropped);
  address_stream stream = (address_stream)expect_value("resolve", resolve_addresses("LOCALHOST"));
  pollable ready = address_stream_subscribe(stream);
  pollable_block(ready);
  uint32_t count = 0;
  for (;; count++) {
    next_answer answer = resolve_next_address(stream);
    expect_code("resolve-next-address", NET_OK, answer.code);
    if (!answer.next.is_some) break;
    expect(answer.next.value.family == IPV4 ? answer.next.value.bytes[0] == 127
                                            : answer.next.value.groups[7] == 1,
           "a loopback address");
  }
  expect(count > 0, "an address");
  for (int round = 0; round < 3; round++) {
    expect(pollable_ready(ready), "the pollable to stay ready");
    expect(!resolve_next_address(stream).next.is_some, "no more addresses");
  }
  pollable_drop(ready);
}
