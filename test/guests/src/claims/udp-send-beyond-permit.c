/* Claim: a send of more datagrams than the last check-send permitted traps.
 * Rules: 10.4 */
#include "udp.h"

static void claim(void) {
  udp_socket socket = bound_socket(IPV4);
  udp_streams streams = streams_to(socket, loopback(IPV4, 4321));
  static outgoing_datagram list[1 << 16];
  uint64_t permit = await_send_permit(streams.out);
  for (uint64_t i = 0; i <= permit; i++) list[i] = datagram("x");
  udp_send(streams.out, list, (uint32_t)permit + 1);
  not_trapped();
}
