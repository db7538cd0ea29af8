/* Claim: a socket whose streams live cannot be dropped.
 * Rules: 1.3, 9.1 */
#include "tcp.h"

static void claim(void) {
  tcp_socket listener = tcp_listen_on(IPV4);
  tcp_connection client = tcp_connect(tcp_new(IPV4), tcp_local(listener));
  expect_net("finish-connect", NET_OK, client.code);
  tcp_drop(client.socket);
  not_trapped();
}
