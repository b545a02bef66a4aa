// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_quarantine_serve.c - the governor's messages as cvfd-quarantine reads them: any sequence of packets
 *
 * Input: packets, each a flag and the bytes of a struct quarantine_ask from its beginning; flag 0: the rest is zero, 1: a valid
 * ask that these bytes are laid over, 2: the packet ends where the bytes do, 3: it is longer than an ask. What keeps is replaced
 * by functions that check what reaches them: nothing malformed may, and nothing after the connection was closed.
 */
#include <assert.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "core/log.h"
#include "quarantine/keep.h"
#include "quarantine/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int handled;

static int check(const struct quarantine_ask *ask, unsigned int type)
{
	assert(ask->type == type);
	assert(strlen(ask->id) == 26 && strspn(ask->id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == 26);
	assert(memchr(ask->store, 0, sizeof(ask->store)) && memchr(ask->path, 0, sizeof(ask->path)));
	handled++;
	return ask->serial & 1 ? -ENOENT : 0;
}

int keep_object(const struct quarantine_ask *ask, struct quarantine_reply *reply)
{
	assert(ask->path_len == strlen(ask->path));
	memcpy(reply->store, ask->store, sizeof(reply->store));
	return check(ask, QUARANTINE_KEEP);
}

int keep_restore(const struct quarantine_ask *ask, struct quarantine_reply *reply)
{
	(void)reply;
	return check(ask, QUARANTINE_RESTORE);
}

int keep_purge(const struct quarantine_ask *ask, struct quarantine_reply *reply)
{
	(void)reply;
	return check(ask, QUARANTINE_PURGE);
}

/* Nothing more to read is what a signal to end would be. */
int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	const struct timespec now = { 0, 0 };
	int r = ppoll(fds, n, &now, NULL);

	(void)timeout;
	if (r)
		return r;
	fds[0].revents = POLLIN;
	return 1;
}

static size_t read_packet(const uint8_t *data, size_t size, struct quarantine_ask ask[2], size_t *ret_size)
{
	size_t room = sizeof(*ask), n = size - 1 < room ? size - 1 : room;
	unsigned int flag = data[0] & 3;

	memset(ask, 0, 2 * room);
	if (flag) {
		*ask = (struct quarantine_ask){ .type = QUARANTINE_KEEP, .pid = 1, .path_len = 2, .path = "/x", .store = "/" };
		memcpy(ask->id, "01ARZ3NDEKTSV4RRFFQ69G5FAV", 26);
	}
	n = n > 96 ? 96 : n; /* the fixed fields, the id and the beginning of the store; the next packet follows */
	memcpy(ask, data + 1, n);
	*ret_size = flag == 2 ? n : flag == 3 ? room + 1 : room;
	return n + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct quarantine_ask ask[2];
	static struct quarantine_reply reply;
	struct serve s = { .listen_fd = -1, .signal_fd = -1 };
	int pair[2], answers = 0;
	size_t n;

	log_open("fuzz", -1);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return 0;
	s.peer_fd = pair[0];
	handled = 0;
	while (size && s.peer_fd >= 0) {
		size_t used = read_packet(data, size, ask, &n);
		bool is_ask = serve_is_ask(ask, n);
		int before = handled;

		data += used;
		size -= used;
		if (send(pair[1], ask, n, MSG_DONTWAIT) < 0)
			break;
		serve_run(&s);
		assert(handled == before + is_ask);
		assert((s.peer_fd >= 0) == is_ask);
		while (recv(pair[1], &reply, sizeof(reply), MSG_DONTWAIT) == (ssize_t)sizeof(reply)) {
			assert(reply.serial == ask->serial && reply.error <= 0);
			answers++;
		}
	}
	assert(answers == handled);
	if (s.peer_fd >= 0)
		close(s.peer_fd);
	close(pair[1]);
	return 0;
}
