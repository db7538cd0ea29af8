/* What is measured of sockets, against a peer that keeps the time: see bench/programs/peer.c.
 *
 *   send PORT TOTAL SIZE   connects, writes TOTAL bytes in pieces of SIZE, and waits for the peer's end
 *   receive PORT SIZE      connects, and reads to the end, SIZE bytes at most at a time
 *   echo PORT SIZE         connects, and sends back what comes, SIZE bytes at most at a time
 *   accept COUNT           listens, says `port N`, and accepts and drops COUNT peers
 *   idle COUNT             listens, says `port N`, accepts COUNT peers, keeps them, and says `idle N`
 *                          when one has come; waits until standard input ends
 *   udp-send PORT COUNT SIZE   sends COUNT datagrams, and says `ns N` on stderr
 *   udp-echo PORT COUNT    says a word, and sends COUNT datagrams back
 *
 * Addresses are 127.0.0.1. */
#include "tcp.h"

enum { MAX_SIZE = 1 << 16, BATCH = 16 };

static uint8_t bytes[MAX_SIZE];
static outgoing_datagram batch[BATCH];

static tcp_connection connect_to(uint64_t port) {
  tcp_connection c = tcp_connect(tcp_new(IPV4), loopback(IPV4, (uint16_t)port));
  expect_net("connect", NET_OK, c.code);
  return c;
}

/* What is there, after a wait if there is nothing: the way of mio and of Go. */
static outcome read_some(input_stream in, uint64_t size, pollable readable) {
  for (;;) {
    outcome some = input_read(in, size);
    if (some.status != OK || some.count > 0) return some;
    pollable_block(readable);
  }
}

static void send_all(uint64_t port, uint64_t total, uint32_t size) {
  tcp_connection c = connect_to(port);
  for (uint64_t left = total; left > 0;) {
    uint32_t length = left < size ? (uint32_t)left : size;
    expect_ok("write", write_fully(c.out, bytes, length));
    left -= length;
  }
  expect_ok("flush", output_blocking_flush(c.out));
  expect_net("shutdown", NET_OK, tcp_shutdown(c.socket, SHUTDOWN_SEND));
  expect_closed("the end", input_blocking_read(c.in, 1));
}

static void receive_all(uint64_t port, uint32_t size) {
  tcp_connection c = connect_to(port);
  pollable readable = input_subscribe(c.in);
  while (read_some(c.in, size, readable).status == OK) {}
  pollable_drop(readable);
}

static void echo(uint64_t port, uint32_t size) {
  tcp_connection c = connect_to(port);
  pollable readable = input_subscribe(c.in);
  for (;;) {
    outcome some = read_some(c.in, size, readable);
    if (some.status != OK) break;
    expect_ok("write", write_fully(c.out, some.bytes, (uint32_t)some.count));
  }
  pollable_drop(readable);
}

static void say(const char *name, uint64_t number) {
  add(name);
  add_number(number);
  send_line_to(get_stdout);
}

/* Accepts `count` peers, as many as there are before it waits. */
static void accept_all(uint64_t count, bool keep) {
  tcp_socket listener = tcp_new(IPV4);
  net_result r;
  tcp_set_backlog_(listener, 1024, &r);
  expect_net("set-listen-backlog-size", NET_OK, code_of(r));
  flat_address f = flat(loopback(IPV4, 0));
  tcp_start_bind_(listener, the_network(), FLAT(f), &r);
  expect_net("start-bind", NET_OK, code_of(r));
  tcp_finish_bind_(listener, &r);
  expect_net("finish-bind", NET_OK, code_of(r));
  tcp_start_listen_(listener, &r);
  expect_net("start-listen", NET_OK, code_of(r));
  tcp_finish_listen_(listener, &r);
  expect_net("finish-listen", NET_OK, code_of(r));
  say("port ", port_of(tcp_local(listener)));
  pollable someone = tcp_subscribe(listener);
  while (count > 0) {
    net_result_accepted a;
    tcp_accept_(listener, &a);
    if (a.is_err) {
      expect_net("accept", NET_WOULD_BLOCK, (net_code)a.code);
      pollable_block(someone);
      continue;
    }
    count--;
    if (keep) continue;
    input_drop(a.value.in), output_drop(a.value.out), tcp_drop(a.value.socket);
  }
  pollable_drop(someone);
}

static udp_streams udp_to(uint64_t port) {
  net_answer socket = create_udp_socket(IPV4);
  expect_net("create-udp-socket", NET_OK, socket.code);
  expect_net("bind", NET_OK, udp_bind((udp_socket)socket.value, loopback(IPV4, 0)));
  udp_streams s = udp_stream_to((udp_socket)socket.value, loopback(IPV4, (uint16_t)port));
  expect_net("stream", NET_OK, s.code);
  return s;
}

static uint32_t udp_permit(outgoing_datagrams out) {
  for (;;) {
    net_answer permit = udp_check_send(out);
    expect_net("check-send", NET_OK, permit.code);
    if (permit.value > 0) return permit.value < BATCH ? (uint32_t)permit.value : BATCH;
    wait_and_drop(outgoing_subscribe(out));
  }
}

static void udp_send_all(outgoing_datagrams out, const outgoing_datagram *list, uint32_t length) {
  while (length > 0) {
    uint32_t permit = udp_permit(out);
    net_answer sent = udp_send(out, list, permit < length ? permit : length);
    expect_net("send", NET_OK, sent.code);
    list += sent.value;
    length -= (uint32_t)sent.value;
  }
}

static void udp_send_many(uint64_t port, uint64_t count, uint32_t size) {
  udp_streams s = udp_to(port);
  for (int i = 0; i < BATCH; i++) batch[i].data = (byte_list){bytes, size};
  uint64_t start = monotonic_now();
  while (count > 0) {
    uint32_t length = count < BATCH ? (uint32_t)count : BATCH;
    udp_send_all(s.out, batch, length);
    count -= length;
  }
  udp_permit(s.out);
  add("ns ");
  add_number(monotonic_now() - start);
  send_line();
}

static void udp_echo(uint64_t port, uint64_t count) {
  udp_streams s = udp_to(port);
  batch[0].data = (byte_list){bytes, 1};
  udp_send_all(s.out, batch, 1);
  pollable someone = incoming_subscribe(s.in);
  while (count > 0) {
    datagrams_answer came = udp_receive(s.in, BATCH);
    expect_net("receive", NET_OK, came.code);
    if (came.list.length == 0) pollable_block(someone);
    for (uint32_t i = 0; i < came.list.length; i++) batch[i].data = came.list.at[i].data;
    udp_send_all(s.out, batch, came.list.length);
    count -= came.list.length < count ? came.list.length : count;
  }
  pollable_drop(someone);
}

static void claim(void) {
  byte_list what = argument(1);
  bool sends = equals(what, "send"), receives = equals(what, "receive"), echoes = equals(what, "echo");
  bool accepts = equals(what, "accept"), idles = equals(what, "idle");
  bool udp_sends = equals(what, "udp-send"), udp_echoes = equals(what, "udp-echo");
  uint64_t a = number_argument(2, 0), b = number_argument(3, 1), c = number_argument(4, 1);
  if (sends) {
    expect(c > 0 && c <= MAX_SIZE, "a SIZE of 1 to 65536");
    send_all(a, b, (uint32_t)c);
  } else if (receives) {
    receive_all(a, (uint32_t)b);
  } else if (echoes) {
    echo(a, (uint32_t)b);
  } else if (accepts) {
    accept_all(a, false);
  } else if (idles) {
    accept_all(a, true);
    say("idle ", a);
    input_blocking_read(get_stdin(), 1);
  } else if (udp_sends) {
    expect(c > 0 && c <= MAX_SIZE, "a SIZE of 1 to 65536");
    udp_send_many(a, b, (uint32_t)c);
  } else if (udp_echoes) {
    udp_echo(a, b);
  } else {
    fail("what to do");
  }
}
