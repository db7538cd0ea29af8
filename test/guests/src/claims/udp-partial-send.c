/* Claim: a send of many sends them one after the other, until one cannot be sent. It then gives how
 * many were; the error shows only when the first one cannot be sent.
 * Rules: 10.6 */
#include "udp.h"

static void claim(void) {
  udp_socket server = bound_socket(IPV4), client = bound_socket(IPV4);
  socket_address to = local_of(server);
  udp_streams there = streams_of(server), here = streams_of(client);
  outgoing_datagram list[] = {
    datagram_to("1", to), datagram_to("2", to), datagram("nowhere"), datagram_to("4", to),
  };

  expect(await_send_permit(here.out) >= 4, "a permit for four");
  expect_count("send of nothing", 0, expect_value("send", udp_send(here.out, list, 0)));
  expect_count("send", 2, expect_value("send", udp_send(here.out, list, 4)));
  expect(await_send_permit(here.out) >= 2, "a permit for two");
  expect_code("send", NET_INVALID_ARGUMENT, udp_send(here.out, list + 2, 2).code);
  await_send_permit(here.out);
  expect_count("send", 1, expect_value("send", udp_send(here.out, list + 3, 1)));

  expect_datagram(there.in, "1");
  expect_datagram(there.in, "2");
  expect_datagram(there.in, "4");
}
