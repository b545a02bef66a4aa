// SPDX-License-Identifier: Apache-2.0
#include "link.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../core/log.h"
#include "../core/socket.h"
#include "requests.h"

#define BATCH_BYTES 49152

int link_open(struct link *l, const char *path, uid_t governor, struct maps *maps, struct canary *canary)
{
	int r;

	*l = (struct link){ .listen_fd = -1, .peer_fd = -1, .governor = governor, .maps = maps, .canary = canary };
	r = ring_open(&l->rings[CVF_RING_VERDICT], maps->hooks->map_fd[MAP_VERDICTS], CVF_VERDICT_RING);
	if (r >= 0)
		r = ring_open(&l->rings[CVF_RING_EVENT], maps->hooks->map_fd[MAP_EVENTS], CVF_EVENT_RING);
	if (r < 0)
		return r;
	r = socket_listen_as(path, governor);
	if (r < 0)
		return r;
	l->listen_fd = r;
	return 0;
}

void link_close(struct link *l)
{
	link_drop(l, NULL);
	for (int i = 0; i < 2; i++)
		ring_close(&l->rings[i]);
	if (l->listen_fd >= 0)
		close(l->listen_fd);
	l->listen_fd = -1;
}

void link_drop(struct link *l, const char *why)
{
	if (l->peer_fd < 0)
		return;
	if (why)
		log_warning("the governor's connection is closed: %s; enforcement goes on", why);
	l->maps->state->control.governor_tgid = 0;
	close(l->peer_fd);
	l->peer_fd = -1;
	l->greeted = false;
	l->sent = l->acked = 0;
	for (int i = 0; i < 2; i++)
		ring_rewind(&l->rings[i]);
}

void link_on_connect(struct link *l)
{
	own_fd int fd = accept4(l->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	struct timeval patience = { .tv_sec = 2 };
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int room = 4 << 20;

	l->is_accept_due = fd < 0 && errno != EAGAIN;
	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || (peer.uid != l->governor && peer.uid != 0)) {
		log_warning("a connection to the link was refused: its user is not the governor's");
		return;
	}
	if (l->peer_fd >= 0) {
		log_warning("a second governor (pid %d) was refused: one is connected", peer.pid);
		return;
	}
	/* A governor that does not read for two seconds is dropped rather than waited for. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room))) {
		log_warning("the governor was refused: setting up its connection failed: %s; it tries again", strerror(errno));
		return;
	}
	l->maps->state->control.governor_tgid = (uint32_t)peer.pid;
	l->peer_fd = TAKE_FD(fd);
}

static int send_now(struct link *l, enum wire_type type, uint32_t id, struct iovec fixed, struct iovec tail, int flags)
{
	struct wire_head head = { .type = (uint16_t)type, .id = id };
	struct iovec parts[] = {
		{ &head, sizeof(head) },
		fixed,
		tail,
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = tail.iov_len ? 3 : 2 };

	head.size = (uint32_t)(sizeof(head) + fixed.iov_len + tail.iov_len);
	if (l->peer_fd < 0)
		return -ENOTCONN;
	return sendmsg(l->peer_fd, &message, MSG_NOSIGNAL | flags) == (ssize_t)head.size ? 0 : -errno;
}

static struct iovec part_of(const void *bytes, size_t size)
{
	return (struct iovec){ (void *)(uintptr_t)bytes, size };
}

int link_send(struct link *l, enum wire_type type, uint32_t id, const void *fixed, size_t fixed_size, const void *tail,
	      size_t tail_size)
{
	return send_now(l, type, id, part_of(fixed, fixed_size), part_of(tail, tail_size), 0);
}

/* One packet and the descriptor that may come with it. */
static ssize_t packet_read(int fd, void *buffer, size_t size, int *ret_fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { buffer, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *c = n >= 0 ? CMSG_FIRSTHDR(&message) : NULL;

	*ret_fd = -1;
	if (n < 0)
		return -errno;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EPROTO;
	return n;
}

void link_on_peer(struct link *l)
{
	static char packet[WIRE_SIZE_MAX] __attribute__((aligned(8)));

	while (l->peer_fd >= 0) {
		own_fd int fd = -1;
		ssize_t n = packet_read(l->peer_fd, packet, sizeof(packet), &fd);
		int r;

		if (n == -EAGAIN || n == -EINTR)
			return;
		if (n <= 0) {
			link_drop(l, n ? strerror((int)-n) : "it ended");
			return;
		}
		r = requests_handle(l, packet, (size_t)n, fd);
		if (r < 0) {
			l->refused++;
			link_drop(l, r == -EPROTO ? "it sent a message that is not permitted" : strerror(-r));
		}
	}
}

/* A record must say its own size, so that a torn or foreign one is not passed on. */
static bool record_is_sound(const struct cvf_record *r, size_t size)
{
	return size >= CVF_RECORD_HEAD && size <= sizeof(*r) && r->size == size &&
	       r->text_len == size - CVF_RECORD_HEAD;
}

/* Fills one batch from a ring; returns its bytes. */
static size_t batch_fill(struct link *l, int ring, char *batch, size_t bytes, uint32_t *count)
{
	const struct cvf_record *record;
	size_t size;

	while ((record = ring_next(&l->rings[ring], &size))) {
		size_t padded = (size + 7) & ~7ul;

		if (!record_is_sound(record, size)) {
			log_error("a malformed record of %zu bytes was skipped", size);
			continue;
		}
		if (bytes + padded > BATCH_BYTES) {
			ring_unread(&l->rings[ring], size);
			break;
		}
		memcpy(batch + bytes, record, size);
		memset(batch + bytes + size, 0, padded - size);
		bytes += padded;
		(*count)++;
	}
	return bytes;
}

static int batch_send(struct link *l)
{
	static char batch[BATCH_BYTES] __attribute__((aligned(8)));
	struct wire_records head = { .batch = l->sent + 1 };
	unsigned long before[2] = { l->rings[0].read, l->rings[1].read };
	size_t bytes = 0;
	int r;

	for (int ring = 0; ring < 2; ring++)
		bytes = batch_fill(l, ring, batch, bytes, &head.count);
	if (!head.count)
		return 0;
	head.bytes = (uint32_t)bytes;
	r = send_now(l, WIRE_RECORDS, 0, part_of(&head, sizeof(head)), part_of(batch, bytes), MSG_DONTWAIT);
	if (r == -EAGAIN) {
		/* A governor that is slow or stopped: the records stay in the rings, which count what they lose. */
		for (int ring = 0; ring < 2; ring++)
			l->rings[ring].read = before[ring];
		l->is_behind = true;
		return 0;
	}
	if (r < 0)
		return r;
	l->sent++;
	l->window[l->sent % LINK_WINDOW].batch = l->sent;
	for (int ring = 0; ring < 2; ring++)
		l->window[l->sent % LINK_WINDOW].position[ring] = l->rings[ring].read;
	return 1;
}

void link_relay(struct link *l)
{
	int r = 1;

	if (!l->greeted || l->peer_fd < 0)
		return;
	l->is_behind = false;
	while (r > 0 && l->sent - l->acked < LINK_WINDOW - 1)
		r = batch_send(l);
	l->is_behind |= r > 0;
	if (r < 0)
		link_drop(l, strerror(-r));
}
