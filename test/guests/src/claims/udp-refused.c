/* Claim: a connected socket is told once that nobody listens where it sends to, and can be used on.
 * Rules: 10.9 */
#include "udp.h"

static void refused(enum family family) {
  udp_socket gone = bound_socket(family), client = bound_socket(family);
  socket_address to = local_of(gone);
  udp_drop(gone);
  udp_streams streams = streams_to(client, to);
  send_one(streams.out, datagram("to nobody"));
  wait_and_drop(incoming_subscribe(streams.in));
  expect_code("receive", NET_CONNECTION_REFUSED, udp_receive(streams.in, 1).code);
  datagrams_answer none = udp_receive(streams.in, 1);
  expect_code("receive after that", NET_OK, none.code);
  expect_count("datagrams", 0, none.list.length);

  udp_socket server = udp_socket_of(family);
  expect_code("bind", NET_OK, udp_bind(server, to));
  udp_streams there = streams_of(server);
  send_one(streams.out, datagram("to somebody"));
  expect_datagram(there.in, "to somebody");
}

static void claim(void) {
  refused(IPV4);
  refused(IPV6);
}
