/* Claim: a connected socket gets datagrams of its peer and of nobody else, those included that others
 * sent before; and it stays bound to its port while it is connected, connected elsewhere, and let go.
 * Rules: 10.2, 10.5 */
#include "udp.h"

static void reconnect(enum family family) {
  udp_socket socket = bound_socket(family), one = bound_socket(family), other = bound_socket(family);
  socket_address at = local_of(socket);
  udp_streams from_one = streams_of(one), from_other = streams_of(other);

  send_one(from_one.out, datagram_to("one, before", at));
  send_one(from_other.out, datagram_to("other, before", at));
  udp_streams streams = streams_to(socket, local_of(other));
  expect(same_address(local_of(socket), at), "the same port when connected");
  expect(same_address(udp_remote_address(socket).address, local_of(other)), "the remote address");
  send_one(from_one.out, datagram_to("one", at));
  send_one(from_other.out, datagram_to("other", at));
  expect_datagram(streams.in, "other, before");
  expect_datagram(streams.in, "other");
  drop_streams(streams);

  streams = streams_to(socket, local_of(one));
  expect(same_address(local_of(socket), at), "the same port when connected elsewhere");
  send_one(from_other.out, datagram_to("other, again", at));
  send_one(from_one.out, datagram_to("one, again", at));
  expect_datagram(streams.in, "one, again");
  drop_streams(streams);

  streams = streams_of(socket);
  expect_code("remote-address", NET_INVALID_STATE, udp_remote_address(socket).code);
  expect(same_address(local_of(socket), at), "the same port when let go");
  send_one(from_other.out, datagram_to("other, at last", at));
  socket_address from;
  /* Others may have been kept for this moment, or not. */
  for (;;) {
    datagrams_answer came = await_datagrams(streams.in, 1);
    expect_code("receive", NET_OK, came.code);
    from = came.list.at[0].from;
    if (equals(came.list.at[0].data, "other, at last")) break;
  }
  expect(same_address(from, local_of(other)), "the address of the sender");
}

static void claim(void) {
  reconnect(IPV4);
  reconnect(IPV6);
}
