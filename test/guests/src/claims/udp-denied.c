/* Claim: each address is asked for when it is used. The host denies a bind to 127.0.0.3, everything
 * to do with port 9, sends to port 10, and what comes from 127.0.0.2.
 * Rules: 10.3, 10.5, 10.6, 10.10 */
#include "udp.h"

static void claim(void) {
  udp_socket socket = udp_socket_of(IPV4);
  expect_code("bind", NET_ACCESS_DENIED, udp_start_bind(socket, ipv4(127, 0, 0, 3, 0)));
  expect_code("bind", NET_OK, udp_bind(socket, loopback(IPV4, 0)));
  expect_code("stream(9)", NET_ACCESS_DENIED, udp_stream_to(socket, loopback(IPV4, 9)).code);

  /* One of the two is enough to be connected. */
  udp_streams streams = streams_to(socket, loopback(IPV4, 10));
  outgoing_datagram one = datagram("x");
  await_send_permit(streams.out);
  expect_code("send to port 10", NET_ACCESS_DENIED, udp_send(streams.out, &one, 1).code);
  drop_streams(streams);

  udp_socket server = bound_socket(IPV4), stranger = udp_socket_of(IPV4);
  expect_code("bind", NET_OK, udp_bind(stranger, ipv4(127, 0, 0, 2, 0)));
  udp_streams there = streams_of(server), strange = streams_of(stranger);
  socket_address to = local_of(server);
  streams = streams_of(socket);
  outgoing_datagram list[] = {datagram_to("one", to), datagram_to("x", loopback(IPV4, 9))};
  await_send_permit(streams.out);
  expect_count("send", 1, expect_value("send", udp_send(streams.out, list, 2)));
  await_send_permit(streams.out);
  expect_code("send to port 9", NET_ACCESS_DENIED, udp_send(streams.out, list + 1, 1).code);
  expect_datagram(there.in, "one");

  /* What comes from a stranger is never seen. */
  send_one(strange.out, datagram_to("strange", to));
  send_one(strange.out, datagram_to("strange", to));
  send_one(streams.out, datagram_to("two", to));
  expect_datagram(there.in, "two");
}
