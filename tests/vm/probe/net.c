// SPDX-License-Identifier: Apache-2.0
/* net.c - sockets, and servers for them */
#include "probe.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/un.h>
/* ---- internet ---- */

int peer_read(struct peer *p, const char *address, const char *port)
{
	memset(p, 0, sizeof(*p));
	if (inet_pton(AF_INET, address, &p->a.four.sin_addr) == 1) {
		p->a.four.sin_family = AF_INET;
		p->a.four.sin_port = htons((uint16_t)atoi(port));
		p->size = sizeof(p->a.four);
		return 0;
	}
	if (inet_pton(AF_INET6, address, &p->a.six.sin6_addr) == 1) {
		p->a.six.sin6_family = AF_INET6;
		p->a.six.sin6_port = htons((uint16_t)atoi(port));
		p->size = sizeof(p->a.six);
		return 0;
	}
	errno = EINVAL;
	return broken(address);
}

/* tcp-connect|mptcp-connect|udp-connect|fast-connect ADDRESS PORT [TEXT]; the last connects with its first write */
static int v_inet_connect(int argc, char **argv)
{
	bool udp = argv[0][0] == 'u';
	struct peer p;
	int fd;

	if (peer_read(&p, argv[1], argv[2]))
		return BROKEN;
	fd = socket(p.a.any.sa_family, udp ? SOCK_DGRAM : SOCK_STREAM, argv[0][0] == 'm' ? 262 : 0);
	if (fd < 0)
		return broken("socket");
	if (argv[0][0] == 'f')
		setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &(int){ 1 }, sizeof(int));
	if (connect(fd, &p.a.any, p.size) < 0)
		return errno;
	return argc > 3 ? result(write(fd, argv[3], strlen(argv[3]))) : 0;
}

/* udp-sendto|udp-sendmsg|udp-sendmmsg|udp-unspec|tcp-fastopen ADDRESS PORT TEXT */
static int v_inet_send(int argc, char **argv)
{
	struct iovec text = { argv[3], strlen(argv[3]) };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &text, .msg_iovlen = 1 } };
	bool fastopen = strcmp(argv[0], "tcp-fastopen") == 0;
	struct peer p;
	int fd;

	(void)argc;
	if (peer_read(&p, argv[1], argv[2]))
		return BROKEN;
	fd = socket(p.a.any.sa_family, fastopen ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (fd < 0)
		return broken("socket");
	if (strcmp(argv[0], "udp-unspec") == 0)
		p.a.any.sa_family = AF_UNSPEC;
	if (strcmp(argv[0], "udp-sendmsg") != 0 && strcmp(argv[0], "udp-sendmmsg") != 0)
		return result(sendto(fd, argv[3], text.iov_len, fastopen ? MSG_FASTOPEN : 0, &p.a.any, p.size));
	m.msg_hdr.msg_name = &p.a.any;
	m.msg_hdr.msg_namelen = p.size;
	return argv[0][8] == 's' ? result(sendmsg(fd, &m.msg_hdr, 0)) : result(sendmmsg(fd, &m, 1, 0));
}

/* udp-twice GOOD BAD PORT TEXT: sendmmsg of two messages; the number that was sent comes back as 100 + number */
static int v_udp_twice(int argc, char **argv)
{
	struct iovec text = { argv[4], strlen(argv[4]) };
	struct mmsghdr m[2] = { 0 };
	struct peer p[2];
	int fd = socket(AF_INET, SOCK_DGRAM, 0), n;

	(void)argc;
	for (int i = 0; i < 2; i++) {
		if (peer_read(&p[i], argv[1 + i], argv[3]))
			return BROKEN;
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &text, .msg_iovlen = 1, .msg_name = &p[i].a.any, .msg_namelen = p[i].size };
	}
	n = sendmmsg(fd, m, 2, 0);
	return n < 0 ? errno : 100 + n;
}

/* tcp-bind|udp-bind|tcp-listen|unspec-bind ADDRESS PORT; tcp-listen-unbound. unspec-bind says no family: taken for AF_INET */
static int v_inet_bind(int argc, char **argv)
{
	struct peer p;
	int fd;

	if (argc < 3)
		return result(listen(socket(AF_INET, SOCK_STREAM, 0), 1));
	if (peer_read(&p, argv[1], argv[2]))
		return BROKEN;
	fd = socket(p.a.any.sa_family, argv[0][0] == 'u' ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (fd < 0)
		return broken("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (strcmp(argv[0], "unspec-bind") == 0)
		p.a.any.sa_family = AF_UNSPEC;
	if (bind(fd, &p.a.any, p.size) < 0)
		return errno;
	return strcmp(argv[0], "tcp-listen") == 0 ? result(listen(fd, 1)) : 0;
}

/* ---- unix sockets ---- */

/* A name that begins with @ is in the abstract space. */
static socklen_t unix_name(struct sockaddr_un *a, const char *name)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	snprintf(a->sun_path, sizeof(a->sun_path), "%s", name);
	if (name[0] != '@')
		return sizeof(*a);
	a->sun_path[0] = 0;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
}

/* unix-connect|unix-seqpacket|unix-dgram-connect NAME [TEXT] */
static int v_unix_connect(int argc, char **argv)
{
	int type = strcmp(argv[0], "unix-connect") == 0 ? SOCK_STREAM : argv[0][5] == 's' ? SOCK_SEQPACKET : SOCK_DGRAM;
	int fd = socket(AF_UNIX, type, 0);
	struct sockaddr_un a;
	socklen_t size = unix_name(&a, argv[1]);

	if (connect(fd, (struct sockaddr *)&a, size) < 0)
		return errno;
	return argc > 2 ? result(write(fd, argv[2], strlen(argv[2]))) : 0;
}

/* unix-send NAME TEXT */
static int v_unix_send(int argc, char **argv)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un a;
	socklen_t size = unix_name(&a, argv[1]);

	(void)argc;
	return result(sendto(fd, argv[2], strlen(argv[2]), 0, (struct sockaddr *)&a, size));
}

static int v_unix_bind(int argc, char **argv)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a;
	socklen_t size = unix_name(&a, argv[1]);

	(void)argc;
	return result(bind(fd, (struct sockaddr *)&a, size));
}

static int v_socketpair(int argc, char **argv)
{
	int fd[2];

	(void)argc, (void)argv;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fd) < 0)
		return errno;
	return result(write(fd[0], "x", 1));
}

/* ---- socket families ---- */

static int v_socket(int argc, char **argv)
{
	static const struct {
		const char *name;
		int family, type, protocol;
	} kinds[] = {
		{ "tcp", AF_INET, SOCK_STREAM, 0 },
		{ "udp", AF_INET, SOCK_DGRAM, 0 },
		{ "tcp6", AF_INET6, SOCK_STREAM, 0 },
		{ "mptcp", AF_INET, SOCK_STREAM, 262 },
		{ "unix", AF_UNIX, SOCK_STREAM, 0 },
		{ "netlink", AF_NETLINK, SOCK_RAW, 0 },
		{ "raw", AF_INET, SOCK_RAW, IPPROTO_RAW },
		{ "raw-tcp", AF_INET, SOCK_RAW, IPPROTO_TCP },
		{ "raw6", AF_INET6, SOCK_RAW, IPPROTO_RAW },
		{ "ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP },
		{ "ping6", AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6 },
		{ "packet", AF_PACKET, SOCK_RAW, 0 },
		{ "packet-dgram", AF_PACKET, SOCK_DGRAM, 0 },
		{ "vsock", 40, SOCK_STREAM, 0 },
		{ "sctp", AF_INET, SOCK_STREAM, IPPROTO_SCTP },
		{ "sctp-seq", AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP },
		{ "alg", 38, SOCK_SEQPACKET, 0 },
		{ "udplite", AF_INET, SOCK_DGRAM, 136 },
		{ "can", 29, SOCK_RAW, 1 },
		{ "tipc", 30, SOCK_RDM, 0 },
		{ "key", 15, SOCK_RAW, 2 },
		{ "xdp", 44, SOCK_RAW, 0 },
	};

	(void)argc;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, argv[1]) == 0)
			return result_fd(socket(kinds[i].family, kinds[i].type, kinds[i].protocol));
	errno = EINVAL;
	return broken(argv[1]);
}

/* Sends one routing message and reads the kernel's answer. */
static int netlink_ask(int type, int flags, const void *body, size_t size)
{
	struct {
		struct nlmsghdr head;
		char body[64];
	} m = { .head = { .nlmsg_len = (uint32_t)NLMSG_LENGTH(size), .nlmsg_type = (uint16_t)type, .nlmsg_flags = (uint16_t)flags } };
	static char answer[32768];
	struct nlmsghdr *h = (struct nlmsghdr *)answer;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	ssize_t n;

	if (fd < 0)
		return errno;
	memcpy(m.body, body, size);
	if (send(fd, &m, m.head.nlmsg_len, 0) < 0)
		return errno;
	n = recv(fd, answer, sizeof(answer), 0);
	if (n < (ssize_t)sizeof(*h))
		return BROKEN;
	return h->nlmsg_type == NLMSG_ERROR ? -((struct nlmsgerr *)NLMSG_DATA(h))->error : 0;
}

/* netlink-read: all links, as getaddrinfo and `ip link` ask for them; netlink-write: sets lo up (it is) */
static int v_netlink(int argc, char **argv)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };

	(void)argc;
	if (strcmp(argv[0], "netlink-read") == 0)
		return netlink_ask(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, &link, sizeof(link));
	link.ifi_index = 1;
	link.ifi_flags = 1;
	link.ifi_change = 1;
	return netlink_ask(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, &link, sizeof(link));
}

/* netlink-two: a question with a change behind it in one buffer */
static int v_netlink_two(int argc, char **argv)
{
	struct {
		struct nlmsghdr a;
		struct ifinfomsg ask;
		struct nlmsghdr b;
		struct ifinfomsg set;
	} m = {
		.a = { .nlmsg_len = NLMSG_LENGTH(sizeof(m.ask)), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST },
		.b = { .nlmsg_len = NLMSG_LENGTH(sizeof(m.set)), .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST },
		.set = { .ifi_index = 1, .ifi_flags = 1, .ifi_change = 1 },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	(void)argc, (void)argv;
	m.ask.ifi_index = 1;
	return result(send(fd, &m, sizeof(m), 0));
}

/* ---- servers ---- */

static int server_socket(const char *kind, const char *address, const char *port)
{
	bool dgram = strstr(kind, "udp") || strstr(kind, "dgram");
	struct sockaddr_un a;
	struct peer p;
	int fd;

	if (strncmp(kind, "unix", 4) == 0) {
		socklen_t size = unix_name(&a, address);

		if (address[0] != '@')
			unlink(address);
		fd = socket(AF_UNIX, dgram ? SOCK_DGRAM : strstr(kind, "seq") ? SOCK_SEQPACKET : SOCK_STREAM, 0);
		if (bind(fd, (struct sockaddr *)&a, size) < 0)
			return -1;
	} else {
		if (peer_read(&p, address, port))
			return -1;
		fd = socket(p.a.any.sa_family, dgram ? SOCK_DGRAM : SOCK_STREAM, 0);
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
		if (!dgram)
			setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &(int){ 5 }, sizeof(int));
		if (bind(fd, &p.a.any, p.size) < 0)
			return -1;
	}
	return !dgram && listen(fd, 16) < 0 ? -1 : fd;
}

/*
 * serve tcp|udp|unix|unix-dgram|unix-seq ADDRESS PORT FILE: a line for each connection ("connected") and each message that
 * arrives is appended to FILE, which exists as soon as it listens; runs until it is killed
 */
static int v_serve(int argc, char **argv)
{
	int fd = server_socket(argv[1], argv[2], argv[3]), out;
	char text[512];
	ssize_t n;

	(void)argc;
	if (fd < 0)
		return broken(argv[2]);
	out = open(argv[4], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
	for (;;) {
		int one = fd;

		if (!strstr(argv[1], "udp") && !strstr(argv[1], "dgram")) {
			one = accept(fd, NULL, NULL);
			if (one < 0)
				continue;
			dprintf(out, "connected\n");
		}
		n = recv(one, text, sizeof(text) - 1, 0);
		if (n > 0)
			dprintf(out, "%.*s\n", (int)n, text);
		if (one != fd)
			close(one);
	}
}

/*
 * serve-list FILE OUT: a listening stream socket for each name that is a line of FILE; the names of those that somebody
 * connects to become lines of OUT, which exists as soon as all listen; runs until it is killed
 */
static int v_serve_list(int argc, char **argv)
{
	enum { MOST = 256 };
	static char names[MOST][108];
	struct pollfd fds[MOST];
	FILE *f = fopen(argv[1], "re");
	int n = 0, out;

	(void)argc;
	while (f && n < MOST && fgets(names[n], sizeof(names[n]), f)) {
		names[n][strcspn(names[n], "\n")] = 0;
		fds[n] = (struct pollfd){ .fd = server_socket("unix", names[n], "0"), .events = POLLIN };
		if (fds[n].fd < 0)
			return broken(names[n]);
		n++;
	}
	out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
	while (poll(fds, (nfds_t)n, -1) > 0)
		for (int i = 0; i < n; i++)
			if (fds[i].revents) {
				close(accept(fds[i].fd, NULL, NULL));
				dprintf(out, "%s\n", names[i]);
			}
	return BROKEN;
}

const struct verb net_verbs[] = {
	{ "tcp-connect", 2, v_inet_connect },
	{ "mptcp-connect", 2, v_inet_connect },
	{ "udp-connect", 2, v_inet_connect },
	{ "fast-connect", 2, v_inet_connect },
	{ "udp-sendto", 3, v_inet_send },
	{ "udp-sendmsg", 3, v_inet_send },
	{ "udp-sendmmsg", 3, v_inet_send },
	{ "udp-unspec", 3, v_inet_send },
	{ "udp-twice", 4, v_udp_twice },
	{ "tcp-fastopen", 3, v_inet_send },
	{ "tcp-bind", 2, v_inet_bind },
	{ "udp-bind", 2, v_inet_bind },
	{ "tcp-listen", 2, v_inet_bind },
	{ "unspec-bind", 2, v_inet_bind },
	{ "tcp-listen-unbound", 0, v_inet_bind },
	{ "unix-connect", 1, v_unix_connect },
	{ "unix-seqpacket", 1, v_unix_connect },
	{ "unix-dgram-connect", 1, v_unix_connect },
	{ "unix-send", 2, v_unix_send },
	{ "unix-bind", 1, v_unix_bind },
	{ "socketpair", 0, v_socketpair },
	{ "socket", 1, v_socket },
	{ "netlink-read", 0, v_netlink },
	{ "netlink-write", 0, v_netlink },
	{ "netlink-two", 0, v_netlink_two },
	{ "serve", 4, v_serve },
	{ "serve-list", 2, v_serve_list },
	{ 0 },
};
