// SPDX-License-Identifier: Apache-2.0
/* peer.c - see peer.h */
#include "peer.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/log.h"
#include "govern/clock.h"

#define WAIT_MS 5000 /* a copy of copy_max bytes from a slow disk */
#define SILENCE_NS 5000000000ull

int peer_open(struct quarantine_peer *p, const char *folder)
{
	p->fd = -1;
	return asprintf(&p->path, "%s/%s", folder, strrchr(CVF_QUARANTINE_PATH, '/') + 1) < 0 ? -ENOMEM : 0;
}

static void hang_up(struct quarantine_peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

void peer_close(struct quarantine_peer *p)
{
	hang_up(p);
	free(p->path);
}

int peer_dial(struct quarantine_peer *p)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (p->fd >= 0)
		return 0;
	if (strlen(p->path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	strcpy(to.sun_path, p->path);
	p->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd >= 0 && connect(p->fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return 0;
	hang_up(p);
	return -EHOSTDOWN;
}

/* Whether the answer came; what it says is the caller's to read. */
static int read_reply(struct quarantine_peer *p, struct quarantine_reply *ret_reply)
{
	struct pollfd ready = { .fd = p->fd, .events = POLLIN };
	int n = poll(&ready, 1, WAIT_MS);

	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	if (recv(p->fd, ret_reply, sizeof(*ret_reply), 0) != sizeof(*ret_reply))
		return -ECONNRESET;
	ret_reply->store[CVF_PATH_MAX] = 0;
	ret_reply->origin[CVF_PATH_MAX] = 0;
	return ret_reply->serial == p->serial && ret_reply->error <= 0 ? 0 : -EPROTO;
}

static int send_ask(struct quarantine_peer *p, struct quarantine_ask *ask)
{
	ask->serial = ++p->serial;
	return send(p->fd, ask, sizeof(*ask), MSG_NOSIGNAL) == sizeof(*ask) ? 0 : -EPIPE;
}

/* Connected and sent; a connection that ended since the last question is made anew once. */
static int put_question(struct quarantine_peer *p, struct quarantine_ask *ask)
{
	bool was_connected = p->fd >= 0;
	int r = peer_dial(p);

	if (r == 0)
		r = send_ask(p, ask);
	if (r == 0 || !was_connected)
		return r;
	hang_up(p);
	r = peer_dial(p);
	return r < 0 ? r : send_ask(p, ask);
}

int peer_ask(struct quarantine_peer *p, struct quarantine_ask *ask, struct quarantine_reply *ret_reply)
{
	int r = clock_boot_ns() < p->silent_until_ns ? -EHOSTDOWN : put_question(p, ask);

	if (r == 0)
		r = read_reply(p, ret_reply);
	if (r == -ETIMEDOUT)
		p->silent_until_ns = clock_boot_ns() + SILENCE_NS;
	if (r == 0)
		return ret_reply->error;
	if (r == -EHOSTDOWN)
		log_error("cvfd-quarantine cannot be reached at %s: what must be kept first cannot be deleted until it runs; see "
			  "systemctl status cvfd-quarantine, and start it", p->path);
	else
		log_error("cvfd-quarantine gave no answer (%s): what must be kept first cannot be deleted meanwhile; see "
			  "journalctl -u cvfd-quarantine, and whether a file system hangs", strerror(-r));
	hang_up(p);
	return -EHOSTDOWN;
}
