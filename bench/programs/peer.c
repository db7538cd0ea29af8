/* The other end of bench-sockets.c and sockets.ts, which keeps the time, so that neither starting nor
 * ending of the other counts. It is C, so that it is the faster one. On stdout: `port N` if it is to be
 * connected to, then `ns N` of the whole, unless it says something else.
 *
 *   sink TOTAL           reads TOTAL bytes, from the first to the last
 *   source TOTAL SIZE    writes them in pieces of SIZE, until the other end has read them and goes
 *   ping COUNT SIZE      sends SIZE bytes and waits for them, COUNT times, after a tenth more
 *   connect PORT COUNT   connects COUNT times, 64 at a time, each until the other end lets go
 *   keep PORT COUNT      connects COUNT times, says `kept N`, and waits until its standard input ends
 *   udp-sink             takes datagrams until its standard input ends
 *   udp-ping COUNT       has 16 datagrams of 1000 bytes under way to whoever speaks first, until COUNT
 *                        have come back
 *
 * And what C can do in the other's place: send, receive, echo, accept, udp-send and udp-echo, as
 * bench-sockets.c takes them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1 << 20, AT_ONCE = 64, WINDOW = 16, DATAGRAM = 1000 };

static char bytes[MOST];

static long check(long result, const char *what) {
  if (result >= 0) return result;
  fprintf(stderr, "Error: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

static void say(const char *name, uint64_t number) {
  printf("%s %llu\n", name, (unsigned long long)number);
  fflush(stdout);
}

/* A socket that is bound to any port, which it says. */
static int bound(int type) {
  int s = (int)check(socket(AF_INET, type, 0), "socket");
  struct sockaddr_in at = loopback(0);
  socklen_t size = sizeof at;
  check(bind(s, (struct sockaddr *)&at, size), "bind");
  if (type == SOCK_STREAM) check(listen(s, 1), "listen");
  check(getsockname(s, (struct sockaddr *)&at, &size), "getsockname");
  say("port", ntohs(at.sin_port));
  return s;
}

static int accepted(void) {
  int s = (int)check(accept(bound(SOCK_STREAM), NULL, NULL), "accept"), on = 1;
  check(setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  return s;
}

static void until_closed(int s) {
  while (check(read(s, bytes, sizeof bytes), "read") > 0) {}
}

static void sink(uint64_t total) {
  int s = accepted();
  uint64_t got = (uint64_t)check(read(s, bytes, sizeof bytes), "read"), start = now();
  for (ssize_t some; (some = check(read(s, bytes, sizeof bytes), "read")) > 0;) got += (uint64_t)some;
  uint64_t ns = now() - start;
  if (got != total) {
    fprintf(stderr, "Error: %llu of %llu bytes came\n", (unsigned long long)got, (unsigned long long)total);
    exit(1);
  }
  say("ns", ns);
}

static void write_all(int s, size_t size) {
  for (size_t from = 0; from < size;) from += (size_t)check(write(s, bytes + from, size - from), "write");
}

static void source(uint64_t total, size_t size) {
  int s = accepted();
  uint64_t start = now();
  for (uint64_t left = total; left > 0;) {
    size_t piece = left < size ? (size_t)left : size;
    write_all(s, piece);
    left -= piece;
  }
  check(shutdown(s, SHUT_WR), "shutdown");
  until_closed(s);
  say("ns", now() - start);
}

static void ping(uint64_t count, size_t size) {
  int s = accepted();
  uint64_t start = 0;
  for (uint64_t round = 0, warm = count / 10; round < warm + count; round++) {
    if (round == warm) start = now();
    write_all(s, size);
    for (size_t got = 0; got < size;) {
      ssize_t some = check(read(s, bytes, size - got), "read");
      if (some == 0) errno = EPIPE, check(-1, "read");
      got += (size_t)some;
    }
  }
  say("ns", now() - start);
  close(s);
}

static int connected(int port) {
  int s = (int)check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  struct sockaddr_in at = loopback(port);
  check(connect(s, (struct sockaddr *)&at, sizeof at), "connect");
  return s;
}

static void connect_many(int port, uint64_t count) {
  struct pollfd open[AT_ONCE];
  uint64_t begun = 0, over = 0, start = now();
  for (int i = 0; i < AT_ONCE; i++) open[i] = (struct pollfd){.fd = -1, .events = POLLIN};
  while (over < count) {
    for (int i = 0; i < AT_ONCE && begun < count; i++)
      if (open[i].fd < 0) open[i].fd = connected(port), begun++;
    check(poll(open, AT_ONCE, -1), "poll");
    for (int i = 0; i < AT_ONCE; i++) {
      if (open[i].fd < 0 || open[i].revents == 0) continue;
      check(read(open[i].fd, bytes, 1), "read");
      /* By a reset, so that the other end has nothing to remember for a minute. */
      struct linger none = {.l_onoff = 1};
      check(setsockopt(open[i].fd, SOL_SOCKET, SO_LINGER, &none, sizeof none), "setsockopt");
      close(open[i].fd);
      open[i].fd = -1;
      over++;
    }
  }
  say("ns", now() - start);
}

static void keep(int port, uint64_t count) {
  struct rlimit files;
  check(getrlimit(RLIMIT_NOFILE, &files), "getrlimit");
  files.rlim_cur = files.rlim_max;
  check(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
  for (uint64_t left = count; left > 0; left--) connected(port);
  say("kept", count);
  until_closed(0);
}

static void send_to(int port, uint64_t total, size_t size) {
  int s = connected(port);
  for (uint64_t left = total; left > 0;) {
    size_t piece = left < size ? (size_t)left : size;
    write_all(s, piece);
    left -= piece;
  }
  check(shutdown(s, SHUT_WR), "shutdown");
  until_closed(s);
}

static void echo_to(int port) {
  int s = connected(port), on = 1;
  check(setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  for (ssize_t some; (some = check(read(s, bytes, sizeof bytes), "read")) > 0;) write_all(s, (size_t)some);
}

static void accept_many(uint64_t count) {
  int listener = bound(SOCK_STREAM);
  check(listen(listener, 1024), "listen");
  for (uint64_t left = count; left > 0; left--) close((int)check(accept(listener, NULL, NULL), "accept"));
}

/* Room for all that may be under way. */
static int udp(void) {
  int s = bound(SOCK_DGRAM), room = 1 << 20;
  check(setsockopt(s, SOL_SOCKET, SO_RCVBUF, &room, sizeof room), "setsockopt");
  return s;
}

static void udp_sink(void) {
  struct pollfd both[] = {{.fd = udp(), .events = POLLIN}, {.fd = 0, .events = POLLIN}};
  for (;;) {
    check(poll(both, 2, -1), "poll");
    if (both[1].revents) return;
    while (recv(both[0].fd, bytes, sizeof bytes, MSG_DONTWAIT) >= 0) {}
  }
}

static void udp_ping(uint64_t count) {
  int s = udp();
  struct sockaddr_in from;
  socklen_t size = sizeof from;
  check(recvfrom(s, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size), "recvfrom");
  check(connect(s, (struct sockaddr *)&from, size), "connect");
  struct timeval patience = {.tv_sec = 2};
  check(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "setsockopt");
  uint64_t start = now();
  for (int i = 0; i < WINDOW; i++) check(send(s, bytes, DATAGRAM, 0), "send");
  /* Those that are still under way at the end are answered all the same. */
  for (uint64_t back = 0; back < count; back++) {
    check(recv(s, bytes, sizeof bytes, 0), "recv");
    if (back + WINDOW < count) check(send(s, bytes, DATAGRAM, 0), "send");
  }
  say("ns", now() - start);
}

static int udp_to(int port) {
  int s = (int)check(socket(AF_INET, SOCK_DGRAM, 0), "socket");
  struct sockaddr_in at = loopback(port);
  check(connect(s, (struct sockaddr *)&at, sizeof at), "connect");
  return s;
}

static void udp_send(int port, uint64_t count, size_t size) {
  int s = udp_to(port);
  uint64_t start = now();
  for (uint64_t left = count; left > 0; left--) check(send(s, bytes, size, 0), "send");
  fprintf(stderr, "ns %llu\n", (unsigned long long)(now() - start));
}

static void udp_echo(int port, uint64_t count) {
  int s = udp_to(port);
  check(send(s, bytes, 1, 0), "send");
  for (uint64_t left = count; left > 0; left--)
    check(send(s, bytes, (size_t)check(recv(s, bytes, sizeof bytes, 0), "recv"), 0), "send");
}

int main(int count, char **given) {
  const char *what = count > 1 ? given[1] : "";
  uint64_t n[3] = {0};
  for (int i = 0; i < 3 && i + 2 < count; i++) n[i] = strtoull(given[i + 2], NULL, 10);
  uint64_t a = n[0], b = n[1], c = n[2];
  if (strcmp(what, "sink") == 0) sink(a);
  else if (strcmp(what, "source") == 0 && b > 0 && b <= MOST) source(a, b);
  else if (strcmp(what, "ping") == 0 && b > 0 && b <= MOST) ping(a, b);
  else if (strcmp(what, "connect") == 0) connect_many((int)a, b);
  else if (strcmp(what, "keep") == 0) keep((int)a, b);
  else if (strcmp(what, "udp-sink") == 0) udp_sink();
  else if (strcmp(what, "udp-ping") == 0) udp_ping(a);
  else if (strcmp(what, "send") == 0 && c > 0 && c <= MOST) send_to((int)a, b, c);
  else if (strcmp(what, "receive") == 0) until_closed(connected((int)a));
  else if (strcmp(what, "echo") == 0) echo_to((int)a);
  else if (strcmp(what, "accept") == 0) accept_many(a);
  else if (strcmp(what, "udp-send") == 0 && c <= MOST) udp_send((int)a, b, c);
  else if (strcmp(what, "udp-echo") == 0) udp_echo((int)a, b);
  else return fprintf(stderr, "Error: peer.c does not know %s\n", what), 1;
  return 0;
}
