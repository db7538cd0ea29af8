/* Claim: addresses are names of themselves, and what is no name is an invalid argument at once.
 * Prints a line each: `NAME: ADDRESS...`, or an error code.
 * Rules: 10.11, 10.12 */
#include "udp.h"

static void add_hex(uint16_t number) {
  char digits[5] = {0};
  int at = 4;
  do digits[--at] = "0123456789abcdef"[number % 16];
  while (number /= 16);
  add(digits + at);
}

static void add_address(ip_address address) {
  for (int i = 0; i < (address.family == IPV4 ? 4 : 8); i++) {
    if (i > 0) add(address.family == IPV4 ? "." : ":");
    if (address.family == IPV4) add_number(address.bytes[i]);
    else add_hex(address.groups[i]);
  }
}

static void say(const char *name) {
  add("`");
  add(name);
  add("`:");
  net_answer stream = resolve_addresses(name);
  net_code code = stream.code;
  while (code == NET_OK) {
    next_answer answer = await_next_address((address_stream)stream.value);
    code = answer.code;
    if (code != NET_OK || !answer.next.is_some) break;
    add(" ");
    add_address(answer.next.value);
  }
  if (code != NET_OK) {
    add(" ");
    add(net_code_names[code]);
  }
  if (stream.code == NET_OK) address_stream_drop((address_stream)stream.value);
  send_line_to(get_stdout);
}

static void claim(void) {
  static const char *const names[] = {
    "0.0.0.0", "127.0.0.1", "192.0.2.0", "255.255.255.255", "127.1", "0x7f.1", "2130706433",
    "0177.0.0.1", "127.0.0.1.", "1.2.3.4.5", "256.0.0.1", "1.2.3", "09.0.0.1", "4294967296",
    "::", "::1", "[::]", "[::1]", "2001:0db8:0:0:0:0:0:0", "dead:beef::", "DEAD:BEEF::0",
    "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "::1.2.3.4", "1::8", "::ffff:1.2.3.4", "[::ffff:102:304]",
    ":::", "1:2", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::g", "::1.2.3", "::1.2.3.256", "[::1",
    "::1]", "[127.0.0.1]", "[]", "fe80::1%eth0", "[fe80::1%251]",
    "", " ", "a b", " a", "a ", "a\tb", "a\nb", "\x7f", "a.b<&>", "127.0.0.1:80", "[::]:80", "a:80",
    "http://example.com/", "a/b", "a?b", "a#b", "user@host", "a\\b", "a^b", "a|b", "a%zz",
    "\xc2\xad",
  };
  for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) say(names[i]);
}
