// SPDX-License-Identifier: Apache-2.0
/* listen.c - see listen.h */
#include "listen.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77	/* Linux 6.5 */
#endif

static bool is_alive(const struct sockaddr_un *at)
{
	own_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 && (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 || errno == EAGAIN);
}

int listen_unix(const char *path, mode_t mode)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	own_fd int fd = -1;

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	strcpy(at.sun_path, path);
	if (is_alive(&at))
		return -EADDRINUSE;
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || chmod(path, mode) < 0 || listen(fd, SOMAXCONN) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int listen_tcp(const struct sockaddr *address, socklen_t size)
{
	own_fd int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return -errno;
	if (bind(fd, address, size) < 0 || listen(fd, SOMAXCONN) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int read_address(struct peer *p, const struct sockaddr_storage *from)
{
	const void *address = from->ss_family == AF_INET ? (const void *)&((const struct sockaddr_in *)from)->sin_addr
							 : (const void *)&((const struct sockaddr_in6 *)from)->sin6_addr;

	return inet_ntop(from->ss_family, address, p->address, sizeof(p->address)) ? 0 : -errno;
}

static int read_groups(struct peer *p, int fd)
{
	socklen_t size = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) < 0 && errno != ERANGE)
		return errno == ENOPROTOOPT ? 0 : -errno;
	if (!size)
		return 0;
	p->groups = malloc(size);
	if (!p->groups)
		return -ENOMEM;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, p->groups, &size) < 0)
		return -errno;
	p->groups_count = size / sizeof(gid_t);
	return 0;
}

/* Field 22 of /proc/PID/stat; the name before it may hold anything, a parenthesis too. 0: there is no such process. */
static uint64_t read_start(pid_t pid)
{
	char path[32], text[1024], *at;
	own_file FILE *f = NULL;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	text[n] = '\0';
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

int peer_init(struct peer *p, int fd)
{
	struct ucred cred;
	struct sockaddr_storage from = { 0 };
	socklen_t size = sizeof(cred), from_size = sizeof(from);
	int pidfd;

	*p = (struct peer){ .pidfd = -1, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	if (getpeername(fd, (struct sockaddr *)&from, &from_size) < 0)
		return -errno;
	if (from.ss_family != AF_UNIX)
		return read_address(p, &from);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	p->pid = cred.pid;
	p->uid = cred.uid;
	p->gid = cred.gid;
	size = sizeof(pidfd);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0)
		p->pidfd = pidfd;
	else
		p->start = read_start(p->pid);
	return read_groups(p, fd);
}

void peer_done(struct peer *p)
{
	free(p->groups);
	if (p->pidfd >= 0)
		close(p->pidfd);
	*p = (struct peer){ .pidfd = -1 };
}

bool peer_is_alive(const struct peer *p)
{
	struct pollfd wait = { .fd = p->pidfd, .events = POLLIN };
	int r;

	if (p->pidfd < 0)
		return p->start && read_start(p->pid) == p->start;
	while ((r = poll(&wait, 1, 0)) < 0 && errno == EINTR)
		;
	return r == 0;
}
