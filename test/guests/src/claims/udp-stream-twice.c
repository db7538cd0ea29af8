/* Claim: asking for streams while earlier ones of the socket live traps.
 * Rules: 10.3 */
#include "udp.h"

static void claim(void) {
  udp_socket socket = bound_socket(IPV4);
  udp_streams streams = streams_to(socket, loopback(IPV4, 4321));
  incoming_drop(streams.in);
  udp_stream(socket);
  not_trapped();
}
