/* Claim: a guest that drops nothing gets so many sockets and no more; a socket that nobody receives
 * from holds so many datagrams, and loses the newest. The host lets it have 3 sockets, and a socket
 * hold 64 KiB.
 * Rules: 10.1, 10.5 */
#include "udp.h"

enum { SENT = 1000 };

static void claim(void) {
  udp_socket server = bound_socket(IPV4), client = bound_socket(IPV4), third = udp_socket_of(IPV4);
  expect_code("a fourth socket", NET_NEW_SOCKET_LIMIT, create_udp_socket(IPV4).code);
  udp_drop(third);
  third = udp_socket_of(IPV4);

  udp_streams there = streams_of(server), here = streams_of(client);
  static char number[] = "0000";
  for (int sent = 0; sent < SENT; sent++) {
    for (int digit = 3, rest = sent; digit >= 0; digit--, rest /= 10) number[digit] = '0' + rest % 10;
    send_one(here.out, datagram_to(number, local_of(server)));
  }
  uint32_t received = 0;
  for (;;) {
    datagrams_answer came = udp_receive(there.in, 1);
    expect_code("receive", NET_OK, came.code);
    if (came.list.length == 0) break;
    expect_count("the oldest ones", received, to_number(came.list.at[0].data));
    received++;
  }
  expect_count("datagrams", 65536 / (4 + 256), received);
}
