/* Claim: a guest that was given no network finds all of it, and is told so.
 * Rules: 10.1, 10.11 */
#include "udp.h"

static void claim(void) {
  expect_code("create-udp-socket", NET_ACCESS_DENIED, create_udp_socket(IPV4).code);
  expect_code("create-udp-socket", NET_ACCESS_DENIED, create_udp_socket(IPV6).code);
  expect_code("resolve-addresses", NET_PERMANENT_RESOLVER_FAILURE, resolve_addresses("127.0.0.1").code);
  expect_code("resolve-addresses", NET_PERMANENT_RESOLVER_FAILURE, resolve_addresses("a b").code);
}
