/* Claim: a permit is for one send; a second one traps, but for one of nothing.
 * Rules: 10.4 */
#include "udp.h"

static void claim(void) {
  udp_socket socket = bound_socket(IPV4);
  udp_streams streams = streams_to(socket, loopback(IPV4, 4321));
  outgoing_datagram one = datagram("x");
  expect(await_send_permit(streams.out) > 1, "a permit for more than one");
  expect_count("send of nothing", 0, expect_value("send", udp_send(streams.out, &one, 0)));
  expect_count("send", 1, expect_value("send", udp_send(streams.out, &one, 1)));
  expect_count("send of nothing", 0, expect_value("send", udp_send(streams.out, &one, 0)));
  udp_send(streams.out, &one, 1);
  not_trapped();
}
