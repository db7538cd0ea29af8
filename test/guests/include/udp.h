/* UDP and name lookup of wasi:sockets for freestanding guests: the imports in their canonical-ABI
 * form, each wrapped into a function that returns a plain struct with an error code. */
#pragma once
#include "claim.h"

typedef uint32_t network, udp_socket, incoming_datagrams, outgoing_datagrams, address_stream;

typedef enum {
  NET_UNKNOWN, NET_ACCESS_DENIED, NET_NOT_SUPPORTED, NET_INVALID_ARGUMENT, NET_OUT_OF_MEMORY,
  NET_TIMEOUT, NET_CONCURRENCY_CONFLICT, NET_NOT_IN_PROGRESS, NET_WOULD_BLOCK, NET_INVALID_STATE,
  NET_NEW_SOCKET_LIMIT, NET_ADDRESS_NOT_BINDABLE, NET_ADDRESS_IN_USE, NET_REMOTE_UNREACHABLE,
  NET_CONNECTION_REFUSED, NET_CONNECTION_RESET, NET_CONNECTION_ABORTED, NET_DATAGRAM_TOO_LARGE,
  NET_NAME_UNRESOLVABLE, NET_TEMPORARY_RESOLVER_FAILURE, NET_PERMANENT_RESOLVER_FAILURE,
  NET_OK, /* no error-code of WASI: there was no error */
} net_code;

static const char *const net_code_names[] = {
  "unknown", "access-denied", "not-supported", "invalid-argument", "out-of-memory", "timeout",
  "concurrency-conflict", "not-in-progress", "would-block", "invalid-state", "new-socket-limit",
  "address-not-bindable", "address-in-use", "remote-unreachable", "connection-refused",
  "connection-reset", "connection-aborted", "datagram-too-large", "name-unresolvable",
  "temporary-resolver-failure", "permanent-resolver-failure", "ok",
};
_Static_assert(sizeof net_code_names / sizeof *net_code_names == NET_OK + 1, "a name each");

/* ---- Addresses -------------------------------------------------------------------------- */

enum family { IPV4, IPV6 };

/* An ip-socket-address as it lies in memory. */
typedef struct {
  uint8_t family;
  union {
    struct { uint16_t port; uint8_t bytes[4]; } ipv4;
    struct { uint16_t port; uint32_t flow_info; uint16_t groups[8]; uint32_t scope_id; } ipv6;
  };
} socket_address;
_Static_assert(sizeof(socket_address) == 32, "canonical ABI");

/* An ip-address as it lies in memory. */
typedef struct {
  uint8_t family;
  union { uint8_t bytes[4]; uint16_t groups[8]; };
} ip_address;
_Static_assert(sizeof(ip_address) == 18, "canonical ABI");

static inline socket_address ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port) {
  return (socket_address){.family = IPV4, .ipv4 = {port, {a, b, c, d}}};
}
static inline socket_address ipv6(uint16_t first, uint16_t sixth, uint16_t seventh, uint16_t last,
                                  uint16_t port) {
  return (socket_address){
    .family = IPV6,
    .ipv6 = {.port = port, .groups = {first, 0, 0, 0, 0, sixth, seventh, last}},
  };
}
static inline socket_address loopback(enum family family, uint16_t port) {
  return family == IPV4 ? ipv4(127, 0, 0, 1, port) : ipv6(0, 0, 0, 1, port);
}
static inline socket_address unspecified(enum family family, uint16_t port) {
  return family == IPV4 ? ipv4(0, 0, 0, 0, port) : ipv6(0, 0, 0, 0, port);
}
static inline uint16_t port_of(socket_address address) {
  return address.family == IPV4 ? address.ipv4.port : address.ipv6.port;
}
static inline bool same_address(socket_address a, socket_address b) {
  if (a.family != b.family || port_of(a) != port_of(b)) return false;
  return a.family == IPV4 ? same_bytes(a.ipv4.bytes, b.ipv4.bytes, 4)
                          : same_bytes(a.ipv6.groups, b.ipv6.groups, 16);
}

/* The same as it is passed: the numbers after the family, of either case. */
typedef struct { int32_t family, at[11]; } flat_address;
static inline flat_address flat(socket_address a) {
  flat_address f = {.family = a.family, .at = {port_of(a)}};
  if (a.family == IPV4) {
    for (int i = 0; i < 4; i++) f.at[1 + i] = a.ipv4.bytes[i];
  } else {
    f.at[1] = (int32_t)a.ipv6.flow_info;
    for (int i = 0; i < 8; i++) f.at[2 + i] = a.ipv6.groups[i];
    f.at[10] = (int32_t)a.ipv6.scope_id;
  }
  return f;
}
#define FLAT_TYPES \
  int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, \
    int32_t, int32_t
#define FLAT(f) \
  f.family, f.at[0], f.at[1], f.at[2], f.at[3], f.at[4], f.at[5], f.at[6], f.at[7], f.at[8], \
    f.at[9], f.at[10]

/* ---- What a call gave ------------------------------------------------------------------- */

typedef struct {
  net_code code;  /* NET_OK, or why there is nothing else */
  uint64_t value; /* a handle, a number */
  socket_address address;
} net_answer;

typedef struct { uint8_t is_err, code; } net_result;
typedef struct { uint8_t is_err; union { uint8_t value, code; }; } net_result_byte;
typedef struct { uint8_t is_err; union { uint32_t value; uint8_t code; }; } net_result_handle;
typedef struct { uint8_t is_err; union { uint64_t value; uint8_t code; }; } net_result_number;
typedef struct { uint8_t is_err; union { socket_address value; uint8_t code; }; } net_result_address;
typedef struct {
  uint8_t is_err;
  union { struct { incoming_datagrams in; outgoing_datagrams out; } value; uint8_t code; };
} net_result_streams;
_Static_assert(sizeof(net_result_address) == 36 && sizeof(net_result_number) == 16, "canonical ABI");

static inline net_answer net_error(uint8_t code) { return (net_answer){.code = (net_code)code}; }
#define NET_ANSWER(r) (r.is_err ? net_error(r.code) : (net_answer){NET_OK, .value = r.value})

/* ---- The network, and a socket ---------------------------------------------------------- */

WASI("sockets/instance-network", "instance-network") network instance_network(void);
WASI("sockets/network", "[resource-drop]network") void network_drop(network);
WASI("sockets/udp-create-socket", "create-udp-socket")
void create_udp_socket_(int32_t, net_result_handle *);

#define UDP(method) WASI("sockets/udp", "[method]udp-socket." method)
UDP("start-bind") void udp_start_bind_(udp_socket, network, FLAT_TYPES, net_result *);
UDP("finish-bind") void udp_finish_bind_(udp_socket, net_result *);
UDP("stream") void udp_stream_(udp_socket, int32_t, FLAT_TYPES, net_result_streams *);
UDP("local-address") void udp_local_address_(udp_socket, net_result_address *);
UDP("remote-address") void udp_remote_address_(udp_socket, net_result_address *);
UDP("address-family") int32_t udp_address_family(udp_socket);
UDP("unicast-hop-limit") void udp_hop_limit_(udp_socket, net_result_byte *);
UDP("set-unicast-hop-limit") void udp_set_hop_limit_(udp_socket, int32_t, net_result *);
UDP("receive-buffer-size") void udp_receive_buffer_(udp_socket, net_result_number *);
UDP("set-receive-buffer-size") void udp_set_receive_buffer_(udp_socket, uint64_t, net_result *);
UDP("send-buffer-size") void udp_send_buffer_(udp_socket, net_result_number *);
UDP("set-send-buffer-size") void udp_set_send_buffer_(udp_socket, uint64_t, net_result *);
UDP("subscribe") pollable udp_subscribe(udp_socket);
WASI("sockets/udp", "[resource-drop]udp-socket") void udp_drop(udp_socket);

static inline net_code code_of(net_result r) { return r.is_err ? (net_code)r.code : NET_OK; }
static inline network the_network(void) {
  static network handle;
  if (handle == 0) handle = instance_network();
  return handle;
}
static inline net_answer create_udp_socket(enum family family) {
  net_result_handle r;
  create_udp_socket_(family, &r);
  return NET_ANSWER(r);
}
static inline net_code udp_start_bind(udp_socket socket, socket_address address) {
  net_result r;
  flat_address f = flat(address);
  udp_start_bind_(socket, the_network(), FLAT(f), &r);
  return code_of(r);
}
static inline net_code udp_finish_bind(udp_socket socket) {
  net_result r;
  udp_finish_bind_(socket, &r);
  return code_of(r);
}
/* Both halves, waiting in between if need be. */
static inline net_code udp_bind(udp_socket socket, socket_address address) {
  net_code started = udp_start_bind(socket, address);
  if (started != NET_OK) return started;
  for (;;) {
    net_code finished = udp_finish_bind(socket);
    if (finished != NET_WOULD_BLOCK) return finished;
    wait_and_drop(udp_subscribe(socket));
  }
}
typedef struct { net_code code; incoming_datagrams in; outgoing_datagrams out; } udp_streams;
static inline udp_streams of_streams(net_result_streams r) {
  if (r.is_err) return (udp_streams){.code = (net_code)r.code};
  return (udp_streams){NET_OK, r.value.in, r.value.out};
}
static inline udp_streams udp_stream_to(udp_socket socket, socket_address remote) {
  net_result_streams r;
  flat_address f = flat(remote);
  udp_stream_(socket, 1, FLAT(f), &r);
  return of_streams(r);
}
static inline udp_streams udp_stream(udp_socket socket) {
  net_result_streams r;
  flat_address f = {0};
  udp_stream_(socket, 0, FLAT(f), &r);
  return of_streams(r);
}
static inline net_answer of_address(net_result_address r) {
  return r.is_err ? net_error(r.code) : (net_answer){.code = NET_OK, .address = r.value};
}
static inline net_answer udp_local_address(udp_socket socket) {
  net_result_address r;
  udp_local_address_(socket, &r);
  return of_address(r);
}
static inline net_answer udp_remote_address(udp_socket socket) {
  net_result_address r;
  udp_remote_address_(socket, &r);
  return of_address(r);
}
static inline net_answer udp_hop_limit(udp_socket socket) {
  net_result_byte r;
  udp_hop_limit_(socket, &r);
  return NET_ANSWER(r);
}
static inline net_code udp_set_hop_limit(udp_socket socket, uint8_t limit) {
  net_result r;
  udp_set_hop_limit_(socket, limit, &r);
  return code_of(r);
}
static inline net_answer udp_receive_buffer(udp_socket socket) {
  net_result_number r;
  udp_receive_buffer_(socket, &r);
  return NET_ANSWER(r);
}
static inline net_code udp_set_receive_buffer(udp_socket socket, uint64_t bytes) {
  net_result r;
  udp_set_receive_buffer_(socket, bytes, &r);
  return code_of(r);
}
static inline net_answer udp_send_buffer(udp_socket socket) {
  net_result_number r;
  udp_send_buffer_(socket, &r);
  return NET_ANSWER(r);
}
static inline net_code udp_set_send_buffer(udp_socket socket, uint64_t bytes) {
  net_result r;
  udp_set_send_buffer_(socket, bytes, &r);
  return code_of(r);
}

/* ---- Datagrams -------------------------------------------------------------------------- */

typedef struct { byte_list data; socket_address from; } incoming_datagram;
typedef struct { byte_list data; uint8_t has_to; socket_address to; } outgoing_datagram;
_Static_assert(sizeof(incoming_datagram) == 40 && sizeof(outgoing_datagram) == 44, "canonical ABI");

typedef struct { const incoming_datagram *at; uint32_t length; } datagram_list;
typedef struct { uint8_t is_err; union { datagram_list value; uint8_t code; }; } net_result_datagrams;
typedef struct { net_code code; datagram_list list; } datagrams_answer;

WASI("sockets/udp", "[method]incoming-datagram-stream.receive")
void udp_receive_(incoming_datagrams, uint64_t, net_result_datagrams *);
WASI("sockets/udp", "[method]incoming-datagram-stream.subscribe")
pollable incoming_subscribe(incoming_datagrams);
WASI("sockets/udp", "[resource-drop]incoming-datagram-stream")
void incoming_drop(incoming_datagrams);
WASI("sockets/udp", "[method]outgoing-datagram-stream.check-send")
void udp_check_send_(outgoing_datagrams, net_result_number *);
WASI("sockets/udp", "[method]outgoing-datagram-stream.send")
void udp_send_(outgoing_datagrams, const outgoing_datagram *, uint32_t, net_result_number *);
WASI("sockets/udp", "[method]outgoing-datagram-stream.subscribe")
pollable outgoing_subscribe(outgoing_datagrams);
WASI("sockets/udp", "[resource-drop]outgoing-datagram-stream")
void outgoing_drop(outgoing_datagrams);

/* The list is valid until the next call that returns one. */
static inline datagrams_answer udp_receive(incoming_datagrams in, uint64_t max) {
  net_result_datagrams r;
  arena_reset();
  udp_receive_(in, max, &r);
  if (r.is_err) return (datagrams_answer){.code = (net_code)r.code};
  return (datagrams_answer){NET_OK, r.value};
}
static inline net_answer udp_check_send(outgoing_datagrams out) {
  net_result_number r;
  udp_check_send_(out, &r);
  return NET_ANSWER(r);
}
static inline net_answer udp_send(outgoing_datagrams out, const outgoing_datagram *list,
                                  uint32_t length) {
  net_result_number r;
  udp_send_(out, list, length, &r);
  return NET_ANSWER(r);
}
static inline outgoing_datagram datagram(const char *text) {
  return (outgoing_datagram){.data = {(const uint8_t *)text, length_of(text)}};
}
static inline outgoing_datagram datagram_to(const char *text, socket_address to) {
  return (outgoing_datagram){{(const uint8_t *)text, length_of(text)}, 1, to};
}

/* ---- Names ------------------------------------------------------------------------------ */

typedef struct { uint8_t is_some; ip_address value; } optional_address;
typedef struct { uint8_t is_err; union { optional_address value; uint8_t code; }; } net_result_next;
_Static_assert(sizeof(net_result_next) == 22, "canonical ABI");

WASI("sockets/ip-name-lookup", "resolve-addresses")
void resolve_addresses_(network, const char *, uint32_t, net_result_handle *);
WASI("sockets/ip-name-lookup", "[method]resolve-address-stream.resolve-next-address")
void resolve_next_address_(address_stream, net_result_next *);
WASI("sockets/ip-name-lookup", "[method]resolve-address-stream.subscribe")
pollable address_stream_subscribe(address_stream);
WASI("sockets/ip-name-lookup", "[resource-drop]resolve-address-stream")
void address_stream_drop(address_stream);

static inline net_answer resolve_addresses(const char *name) {
  net_result_handle r;
  resolve_addresses_(the_network(), name, length_of(name), &r);
  return NET_ANSWER(r);
}
typedef struct { net_code code; optional_address next; } next_answer;
static inline next_answer resolve_next_address(address_stream stream) {
  net_result_next r;
  resolve_next_address_(stream, &r);
  return r.is_err ? (next_answer){.code = (net_code)r.code} : (next_answer){NET_OK, r.value};
}
/* The same, after a wait if there is nothing yet. */
static inline next_answer await_next_address(address_stream stream) {
  for (;;) {
    next_answer answer = resolve_next_address(stream);
    if (answer.code != NET_WOULD_BLOCK) return answer;
    wait_and_drop(address_stream_subscribe(stream));
  }
}

/* ---- Expecting -------------------------------------------------------------------------- */

static inline void expect_code(const char *what, net_code expected, net_code came) {
  if (came == expected) return;
  line_length = 0;
  add("FAIL: ");
  add(what);
  add(": expected ");
  add(net_code_names[expected]);
  add(", came ");
  add(net_code_names[came]);
  send_line();
  exit_with(RUN_ERR);
}
static inline uint64_t expect_value(const char *what, net_answer came) {
  expect_code(what, NET_OK, came.code);
  return came.value;
}
static inline udp_socket udp_socket_of(enum family family) {
  return (udp_socket)expect_value("create-udp-socket", create_udp_socket(family));
}
/* A socket that is bound to the loopback address, at any port. */
static inline udp_socket bound_socket(enum family family) {
  udp_socket socket = udp_socket_of(family);
  expect_code("bind", NET_OK, udp_bind(socket, loopback(family, 0)));
  return socket;
}
static inline socket_address local_of(udp_socket socket) {
  net_answer answer = udp_local_address(socket);
  expect_code("local-address", NET_OK, answer.code);
  return answer.address;
}
static inline udp_streams streams_of(udp_socket socket) {
  udp_streams streams = udp_stream(socket);
  expect_code("stream(none)", NET_OK, streams.code);
  return streams;
}
static inline udp_streams streams_to(udp_socket socket, socket_address remote) {
  udp_streams streams = udp_stream_to(socket, remote);
  expect_code("stream(some)", NET_OK, streams.code);
  return streams;
}
static inline void drop_streams(udp_streams streams) {
  incoming_drop(streams.in);
  outgoing_drop(streams.out);
}
/* Waits until a datagram may be sent; gives how many may. */
static inline uint64_t await_send_permit(outgoing_datagrams out) {
  for (;;) {
    uint64_t permit = expect_value("check-send", udp_check_send(out));
    if (permit > 0) return permit;
    wait_and_drop(outgoing_subscribe(out));
  }
}
static inline void send_one(outgoing_datagrams out, outgoing_datagram what) {
  await_send_permit(out);
  expect_count("send", 1, expect_value("send", udp_send(out, &what, 1)));
}
/* Waits for a datagram, or an error. */
static inline datagrams_answer await_datagrams(incoming_datagrams in, uint64_t max) {
  for (;;) {
    datagrams_answer answer = udp_receive(in, max);
    if (answer.code != NET_OK || answer.list.length > 0) return answer;
    wait_and_drop(incoming_subscribe(in));
  }
}
/* Waits for one datagram, which must be this. Gives who sent it. */
static inline socket_address expect_datagram(incoming_datagrams in, const char *text) {
  datagrams_answer answer = await_datagrams(in, 1);
  expect_code("receive", NET_OK, answer.code);
  expect_count("datagrams", 1, answer.list.length);
  expect(equals(answer.list.at[0].data, text), text);
  return answer.list.at[0].from;
}
