/* Claim: a send that no check-send has permitted traps.
 * Rules: 10.4 */
#include "udp.h"

static void claim(void) {
  udp_socket socket = bound_socket(IPV4);
  udp_streams streams = streams_to(socket, loopback(IPV4, 4321));
  outgoing_datagram one = datagram("x");
  udp_send(streams.out, &one, 1);
  not_trapped();
}
