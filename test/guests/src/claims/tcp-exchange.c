/* Claim: a guest connects to itself, and bytes go both ways; who shuts one direction down goes on
 * with the other, and the peer reads to the end what was written before; who shuts receiving down
 * finds the input closed at once; a port that nobody listens on refuses, and a used socket stays so.
 * Rules: 9.4, 9.5, 9.6, 9.8, 9.9, 9.10 */
#include "tcp.h"

enum { MANY = 200000 };

static void exchange(enum family family) {
  tcp_socket listener = tcp_listen_on(family);
  socket_address at = tcp_local(listener);
  net_result_accepted none;
  tcp_accept_(listener, &none);
  expect(none.is_err && none.code == NET_WOULD_BLOCK, "accept says would-block while nobody waits");

  tcp_connection client = tcp_connect(tcp_new(family), at);
  expect_net("finish-connect", NET_OK, client.code);
  tcp_connection server = tcp_accept(listener);
  expect_net("accept", NET_OK, server.code);
  expect(same_address(tcp_remote(client.socket), at), "the address of the server");
  expect(same_address(tcp_remote(server.socket), tcp_local(client.socket)), "that of the client");

  write_text(client.out, "there");
  expect_text(server.in, "there");
  write_text(server.out, "back");
  expect_text(client.in, "back");

  /* What is buffered is sent before the end. */
  uint32_t sent = (uint32_t)fill(client.out);
  expect_net("shutdown", NET_OK, tcp_shutdown(client.socket, SHUTDOWN_SEND));
  uint64_t came = 0;
  for (;;) {
    outcome some = input_blocking_skip(server.in, MANY);
    if (some.status == CLOSED) break;
    came += expect_ok("blocking-skip", some);
  }
  expect_count("bytes before the end", sent, came);
  wait_and_drop(output_subscribe(client.out));
  expect_closed("check-write after shutdown", output_check_write(client.out));

  write_text(server.out, "still there");
  expect_text(client.in, "still there");
  write_text(server.out, "unread");
  wait_and_drop(input_subscribe(client.in));
  expect_net("shutdown", NET_OK, tcp_shutdown(client.socket, SHUTDOWN_RECEIVE));
  expect_closed("read after shutdown", input_read(client.in, 10));

  input_drop(client.in), output_drop(client.out), tcp_drop(client.socket);
  input_drop(server.in), output_drop(server.out), tcp_drop(server.socket);
  tcp_drop(listener);

  tcp_socket late = tcp_new(family);
  expect_net("connect to nobody", NET_CONNECTION_REFUSED, tcp_connect(late, at).code);
  net_result_address address;
  tcp_local_address_(late, &address);
  expect(address.is_err && address.code == NET_CONNECTION_REFUSED, "the socket says why it is of no use");
  tcp_drop(late);
}

static void claim(void) {
  exchange(IPV4);
  exchange(IPV6);
}
