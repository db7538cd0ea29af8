/* TCP of wasi:sockets for freestanding guests: see udp.h, whose addresses and codes these are. */
#pragma once
#include "udp.h"

typedef uint32_t tcp_socket;
enum shutdown { SHUTDOWN_RECEIVE, SHUTDOWN_SEND, SHUTDOWN_BOTH };

/* A connection, with the socket that was accepted with it. */
typedef struct {
  net_code code; /* NET_OK, or why there is nothing else */
  tcp_socket socket;
  input_stream in;
  output_stream out;
} tcp_connection;

typedef struct {
  uint8_t is_err;
  union { struct { input_stream in; output_stream out; } value; uint8_t code; };
} net_result_connected;
typedef struct {
  uint8_t is_err;
  union { struct { tcp_socket socket; input_stream in; output_stream out; } value; uint8_t code; };
} net_result_accepted;

WASI("sockets/tcp-create-socket", "create-tcp-socket")
void create_tcp_socket_(int32_t, net_result_handle *);
#define TCP(method) WASI("sockets/tcp", "[method]tcp-socket." method)
TCP("start-bind") void tcp_start_bind_(tcp_socket, network, FLAT_TYPES, net_result *);
TCP("finish-bind") void tcp_finish_bind_(tcp_socket, net_result *);
TCP("start-connect") void tcp_start_connect_(tcp_socket, network, FLAT_TYPES, net_result *);
TCP("finish-connect") void tcp_finish_connect_(tcp_socket, net_result_connected *);
TCP("start-listen") void tcp_start_listen_(tcp_socket, net_result *);
TCP("finish-listen") void tcp_finish_listen_(tcp_socket, net_result *);
TCP("accept") void tcp_accept_(tcp_socket, net_result_accepted *);
TCP("local-address") void tcp_local_address_(tcp_socket, net_result_address *);
TCP("remote-address") void tcp_remote_address_(tcp_socket, net_result_address *);
TCP("shutdown") void tcp_shutdown_(tcp_socket, int32_t, net_result *);
TCP("set-listen-backlog-size") void tcp_set_backlog_(tcp_socket, uint64_t, net_result *);
TCP("subscribe") pollable tcp_subscribe(tcp_socket);
WASI("sockets/tcp", "[resource-drop]tcp-socket") void tcp_drop(tcp_socket);

static inline void expect_net(const char *what, net_code expected, net_code came) {
  if (expected != came) fail(what);
}
static inline tcp_socket tcp_new(enum family family) {
  net_result_handle r;
  create_tcp_socket_(family, &r);
  expect(!r.is_err, "create-tcp-socket");
  return r.value;
}
static inline tcp_socket tcp_listen_on(enum family family) {
  tcp_socket socket = tcp_new(family);
  net_result r;
  flat_address f = flat(loopback(family, 0));
  tcp_start_bind_(socket, the_network(), FLAT(f), &r);
  expect_net("start-bind", NET_OK, code_of(r));
  tcp_finish_bind_(socket, &r);
  expect_net("finish-bind", NET_OK, code_of(r));
  tcp_start_listen_(socket, &r);
  expect_net("start-listen", NET_OK, code_of(r));
  tcp_finish_listen_(socket, &r);
  expect_net("finish-listen", NET_OK, code_of(r));
  return socket;
}
static inline socket_address tcp_local(tcp_socket socket) {
  net_result_address r;
  tcp_local_address_(socket, &r);
  expect(!r.is_err, "local-address");
  return r.value;
}
static inline socket_address tcp_remote(tcp_socket socket) {
  net_result_address r;
  tcp_remote_address_(socket, &r);
  expect(!r.is_err, "remote-address");
  return r.value;
}
/* Connects, and waits until that is decided. */
static inline tcp_connection tcp_connect(tcp_socket socket, socket_address to) {
  net_result started;
  flat_address f = flat(to);
  tcp_start_connect_(socket, the_network(), FLAT(f), &started);
  expect_net("start-connect", NET_OK, code_of(started));
  wait_and_drop(tcp_subscribe(socket));
  net_result_connected r;
  tcp_finish_connect_(socket, &r);
  if (r.is_err) return (tcp_connection){.code = (net_code)r.code};
  return (tcp_connection){NET_OK, socket, r.value.in, r.value.out};
}
static inline tcp_connection tcp_accept(tcp_socket listener) {
  wait_and_drop(tcp_subscribe(listener));
  net_result_accepted r;
  tcp_accept_(listener, &r);
  if (r.is_err) return (tcp_connection){.code = (net_code)r.code};
  return (tcp_connection){NET_OK, r.value.socket, r.value.in, r.value.out};
}
static inline net_code tcp_shutdown(tcp_socket socket, enum shutdown direction) {
  net_result r;
  tcp_shutdown_(socket, direction, &r);
  return code_of(r);
}
