// SPDX-License-Identifier: Apache-2.0
#include "serve.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "../core/log.h"
#include "../core/socket.h"
#include "keep.h"

#define ID_LENGTH 26

typedef int (*ask_handler)(const struct quarantine_ask *ask, struct quarantine_reply *reply);

static const ask_handler handlers[] = {
	[QUARANTINE_KEEP] = keep_object,
	[QUARANTINE_RESTORE] = keep_restore,
	[QUARANTINE_PURGE] = keep_purge,
};

static bool ends(const char *text, size_t room)
{
	return memchr(text, 0, room);
}

bool serve_is_ask(const struct quarantine_ask *ask, size_t size)
{
	if (size != sizeof(*ask) || ask->type >= ARRAY_SIZE(handlers) || !handlers[ask->type])
		return false;
	if (!ends(ask->id, sizeof(ask->id)) || !ends(ask->store, sizeof(ask->store)) || !ends(ask->path, sizeof(ask->path)))
		return false;
	if (ask->type == QUARANTINE_KEEP && ask->path_len != strlen(ask->path))
		return false;
	return strlen(ask->id) == ID_LENGTH && strspn(ask->id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == ID_LENGTH;
}

static int signals_open(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int serve_open(struct serve *s, const char *path, uid_t governor)
{
	int r;

	*s = (struct serve){ .listen_fd = -1, .peer_fd = -1, .signal_fd = -1, .governor = governor };
	r = signals_open();
	if (r < 0)
		return r;
	s->signal_fd = r;
	r = socket_listen_as(path, governor);
	if (r < 0) {
		serve_close(s);
		return r;
	}
	s->listen_fd = r;
	return 0;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void serve_close(struct serve *s)
{
	close_one(&s->peer_fd);
	close_one(&s->listen_fd);
	close_one(&s->signal_fd);
}

static void drop_peer(struct serve *s, const char *why)
{
	if (why)
		log_warning("the governor's connection is closed: %s; nothing was changed", why);
	close_one(&s->peer_fd);
}

static void on_connect(struct serve *s)
{
	own_fd int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	struct timeval patience = { .tv_sec = 2 };
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || (peer.uid != s->governor && peer.uid != 0)) {
		log_warning("a connection was refused: its user is not the governor's");
		return;
	}
	if (s->peer_fd >= 0) {
		log_warning("a second governor (pid %d) was refused: one is connected", peer.pid);
		return;
	}
	/* A governor that does not read for two seconds is dropped rather than waited for. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)))
		return;
	s->peer_fd = TAKE_FD(fd);
}

/* A keep that nobody was told of is nobody's: its store is only in the reply. */
static void undo_keep(struct quarantine_ask *ask, struct quarantine_reply *reply)
{
	int r;

	if (ask->type != QUARANTINE_KEEP || reply->error)
		return;
	strcpy(ask->store, reply->store);
	r = keep_purge(ask, reply);
	if (r < 0)
		log_warning("%s stays in " CVF_QUARANTINE_DIR " though nobody knows of it: removing it failed: %s", ask->id,
			    strerror(-r));
}

static void on_peer(struct serve *s)
{
	static struct quarantine_ask ask;
	static struct quarantine_reply reply;
	ssize_t n = recv(s->peer_fd, &ask, sizeof(ask), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_peer(s, n ? strerror(errno) : NULL);
		return;
	}
	if (!serve_is_ask(&ask, (size_t)n)) {
		drop_peer(s, "it sent a message that is not permitted");
		return;
	}
	reply = (struct quarantine_reply){ .serial = ask.serial };
	reply.error = handlers[ask.type](&ask, &reply);
	if (send(s->peer_fd, &reply, sizeof(reply), MSG_NOSIGNAL) != sizeof(reply)) {
		undo_keep(&ask, &reply);
		drop_peer(s, NULL);
	}
}

void serve_run(struct serve *s)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = s->signal_fd, .events = POLLIN }, { .fd = s->peer_fd, .events = POLLIN },
					{ .fd = s->listen_fd, .events = POLLIN } };

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			continue;
		if (fds[0].revents)
			return;
		/* Who has gone makes room for who comes. */
		if (fds[1].revents)
			on_peer(s);
		else if (fds[2].revents)
			on_connect(s);
	}
}
