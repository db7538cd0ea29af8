/* Claim: datagrams arrive whole, in order, and with the address of who sent them, on sockets that
 * are connected and on sockets that are not; empty ones and the largest too. A receive gives at most
 * as many as it is asked for, and 16 at most. What was sent arrives, though all that it was sent
 * with has been dropped.
 * Rules: 10.5, 10.6, 10.7 */
#include "udp.h"

enum { LARGEST = 65507 /* of IPv4; IPv6 has room for more */, COUNT = 40 };

static uint8_t large[LARGEST];

static void exchange(enum family family) {
  udp_socket server = bound_socket(family), client = bound_socket(family);
  socket_address to = local_of(server), from = local_of(client);
  udp_streams there = streams_of(server), here = streams_of(client);

  datagrams_answer none = udp_receive(there.in, 16);
  expect_code("receive", NET_OK, none.code);
  expect_count("datagrams before any was sent", 0, none.list.length);

  send_one(here.out, datagram_to("", to));
  send_one(here.out, datagram_to("first", to));
  expect(same_address(expect_datagram(there.in, ""), from), "the address of the sender");
  expect(same_address(expect_datagram(there.in, "first"), from), "the address of the sender");
  send_one(there.out, datagram_to("back", from));
  expect(same_address(expect_datagram(here.in, "back"), to), "the address of the server");

  /* The same with a connection on both sides. */
  drop_streams(here);
  drop_streams(there);
  here = streams_to(client, to);
  there = streams_to(server, from);
  send_one(here.out, datagram("connected"));
  send_one(here.out, datagram_to("the same", to));
  expect_datagram(there.in, "connected");
  expect_datagram(there.in, "the same");
  send_one(there.out, datagram("back"));
  expect_datagram(here.in, "back");

  /* The largest. */
  for (uint32_t i = 0; i < LARGEST; i++) large[i] = (uint8_t)(i % 251);
  outgoing_datagram largest = {.data = {large, LARGEST}};
  send_one(here.out, largest);
  datagrams_answer came = await_datagrams(there.in, 1);
  expect_count("datagrams", 1, came.list.length);
  expect_count("bytes of the largest", LARGEST, came.list.at[0].data.length);
  expect(same_bytes(came.list.at[0].data.bytes, large, LARGEST), "the largest datagram as it was");

  /* Many. */
  for (uint32_t sent = 0; sent < COUNT;) {
    outgoing_datagram list[COUNT];
    static uint8_t numbers[COUNT];
    uint32_t length = 0;
    uint64_t permit = await_send_permit(here.out);
    for (; length < permit && sent + length < COUNT; length++) {
      numbers[sent + length] = (uint8_t)(sent + length);
      list[length] = (outgoing_datagram){.data = {&numbers[sent + length], 1}};
    }
    expect_count("send", length, expect_value("send", udp_send(here.out, list, length)));
    sent += length;
  }
  for (uint32_t received = 0; received < COUNT;) {
    came = await_datagrams(there.in, UINT64_MAX);
    expect_code("receive", NET_OK, came.code);
    expect(came.list.length <= 16, "at most 16 datagrams at a time");
    for (uint32_t i = 0; i < came.list.length; i++, received++)
      expect_count("a datagram in its turn", received, came.list.at[i].data.bytes[0]);
  }

  /* Dropped at once. */
  send_one(here.out, datagram("last words"));
  drop_streams(here);
  udp_drop(client);
  expect_datagram(there.in, "last words");
  drop_streams(there);
  udp_drop(server);
}

static void claim(void) {
  exchange(IPV4);
  exchange(IPV6);
}
