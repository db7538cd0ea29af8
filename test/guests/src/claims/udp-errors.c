/* Claim: what each call says in each state of a socket, and to each kind of address. Prints a line
 * each, once for either family: `STATE CALL: ERROR-CODE`, or `ok`.
 * Rules: 10.1, 10.2, 10.3, 10.6 */
#include "udp.h"

static enum family family;
static const char *state;

static void say(const char *call, net_code came) {
  add(family == IPV4 ? "ipv4 " : "ipv6 ");
  add(state);
  add(" ");
  add(call);
  add(": ");
  add(net_code_names[came]);
  send_line_to(get_stdout);
}

/* Addresses that no socket of this family has to do with. */
static socket_address other_family(void) { return loopback(family == IPV4 ? IPV6 : IPV4, 4321); }
static socket_address mapped(void) { return ipv6(0, 0xffff, 0x7f00, 1, 4321); }
static socket_address compatible(void) { return ipv6(0, 0, 0x7f00, 2, 4321); }
/* Reserved for documentation. */
static socket_address not_ours(void) {
  return family == IPV4 ? ipv4(192, 0, 2, 0, 0)
                        : (socket_address){.family = IPV6, .ipv6 = {.groups = {0x2001, 0xdb8}}};
}

static net_code dropped(udp_streams streams) {
  if (streams.code == NET_OK) drop_streams(streams);
  return streams.code;
}

static void say_all(udp_socket socket) {
  say("finish-bind", udp_finish_bind(socket));
  say("local-address", udp_local_address(socket).code);
  say("remote-address", udp_remote_address(socket).code);
  say("unicast-hop-limit", udp_hop_limit(socket).code);
  say("set-unicast-hop-limit 0", udp_set_hop_limit(socket, 0));
  say("set-unicast-hop-limit 1", udp_set_hop_limit(socket, 1));
  say("set-unicast-hop-limit 255", udp_set_hop_limit(socket, 255));
  say("receive-buffer-size", udp_receive_buffer(socket).code);
  say("set-receive-buffer-size 0", udp_set_receive_buffer(socket, 0));
  say("set-receive-buffer-size 1", udp_set_receive_buffer(socket, 1));
  say("set-receive-buffer-size max", udp_set_receive_buffer(socket, UINT64_MAX));
  say("send-buffer-size", udp_send_buffer(socket).code);
  say("set-send-buffer-size 0", udp_set_send_buffer(socket, 0));
  say("set-send-buffer-size 1", udp_set_send_buffer(socket, 1));
  say("set-send-buffer-size max", udp_set_send_buffer(socket, UINT64_MAX));
  pollable ready = udp_subscribe(socket);
  say("subscribe", pollable_ready(ready) ? NET_OK : NET_WOULD_BLOCK);
  pollable_drop(ready);
}

static void say_bind(const char *call, socket_address address) {
  udp_socket socket = udp_socket_of(family);
  say(call, udp_start_bind(socket, address));
  udp_drop(socket);
}

static void unbound(void) {
  state = "unbound";
  udp_socket socket = udp_socket_of(family);
  say_all(socket);
  say("stream none", dropped(udp_stream(socket)));
  say("stream some", dropped(udp_stream_to(socket, loopback(family, 4321))));
  say("stream other-family", dropped(udp_stream_to(socket, other_family())));
  udp_drop(socket);
  say_bind("start-bind loopback", loopback(family, 0));
  say_bind("start-bind unspecified", unspecified(family, 0));
  say_bind("start-bind other-family", other_family());
  say_bind("start-bind not-ours", not_ours());
  if (family == IPV6) {
    say_bind("start-bind mapped", mapped());
    say_bind("start-bind compatible", compatible());
  }
}

static void binding(void) {
  state = "binding";
  udp_socket socket = udp_socket_of(family);
  expect_code("start-bind", NET_OK, udp_start_bind(socket, loopback(family, 0)));
  say("start-bind", udp_start_bind(socket, loopback(family, 0)));
  say("start-bind other-family", udp_start_bind(socket, other_family()));
  say("finish-bind", udp_finish_bind(socket));
  say("finish-bind", udp_finish_bind(socket));
  udp_drop(socket);
  socket = udp_socket_of(family);
  say("start-bind refused", udp_start_bind(socket, other_family()));
  say("finish-bind refused", udp_finish_bind(socket));
  say("start-bind again", udp_start_bind(socket, loopback(family, 0)));
  udp_drop(socket);
}

static void bound(void) {
  state = "bound";
  udp_socket socket = bound_socket(family), taken = udp_socket_of(family);
  say_all(socket);
  say("start-bind", udp_start_bind(socket, loopback(family, 0)));
  say("start-bind other-family", udp_start_bind(socket, other_family()));
  say("start-bind taken", udp_start_bind(taken, local_of(socket)));
  say("stream none", dropped(udp_stream(socket)));
  say("stream port-0", dropped(udp_stream_to(socket, loopback(family, 0))));
  say("stream unspecified", dropped(udp_stream_to(socket, unspecified(family, 4321))));
  say("stream other-family", dropped(udp_stream_to(socket, other_family())));
  if (family == IPV6) {
    say("stream mapped", dropped(udp_stream_to(socket, mapped())));
    say("stream compatible", dropped(udp_stream_to(socket, compatible())));
  }
  say("stream some", dropped(udp_stream_to(socket, loopback(family, 4321))));
  say("remote-address", udp_remote_address(socket).code);
  say("stream none", dropped(udp_stream(socket)));
  say("remote-address", udp_remote_address(socket).code);
  say("local-address", udp_local_address(socket).code);
  udp_drop(taken);
  udp_drop(socket);
}

static void say_send(const char *call, outgoing_datagrams out, outgoing_datagram what) {
  await_send_permit(out);
  say(call, udp_send(out, &what, 1).code);
}

static void streaming(void) {
  static uint8_t large[65536];
  udp_socket socket = bound_socket(family), peer = bound_socket(family);
  socket_address to = local_of(peer);
  state = "streaming";
  udp_streams streams = streams_of(socket);
  say("start-bind", udp_start_bind(socket, loopback(family, 0)));
  say("receive 0", udp_receive(streams.in, 0).code);
  say("receive 1", udp_receive(streams.in, 1).code);
  say("check-send", udp_check_send(streams.out).code);
  say_send("send none", streams.out, datagram("x"));
  say_send("send some", streams.out, datagram_to("x", to));
  say_send("send port-0", streams.out, datagram_to("x", loopback(family, 0)));
  say_send("send unspecified", streams.out, datagram_to("x", unspecified(family, 4321)));
  say_send("send other-family", streams.out, datagram_to("x", other_family()));
  if (family == IPV6) {
    say_send("send mapped", streams.out, datagram_to("x", mapped()));
    say_send("send compatible", streams.out, datagram_to("x", compatible()));
  }
  say_send("send 65536 bytes", streams.out,
           (outgoing_datagram){{large, sizeof large}, 1, to});
  drop_streams(streams);
  state = "connected";
  streams = streams_to(socket, to);
  say_all(socket);
  say("start-bind", udp_start_bind(socket, loopback(family, 0)));
  say_send("send none", streams.out, datagram("x"));
  say_send("send same", streams.out, datagram_to("x", to));
  say_send("send another", streams.out, datagram_to("x", loopback(family, 4321)));
  say_send("send port-0", streams.out, datagram_to("x", loopback(family, 0)));
  say_send("send other-family", streams.out, datagram_to("x", other_family()));
  say_send("send 65536 bytes", streams.out, (outgoing_datagram){.data = {large, sizeof large}});
  drop_streams(streams);
  udp_drop(peer);
  udp_drop(socket);
}

static void claim(void) {
  for (family = IPV4; family <= IPV6; family++) {
    unbound();
    binding();
    bound();
    streaming();
  }
}
