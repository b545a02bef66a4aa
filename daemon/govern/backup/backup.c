// SPDX-License-Identifier: Apache-2.0
/*
 * backup.c - see backup.h
 *
 * The copy is made in the directory of the store, in small steps between the loop's other work, and sent when it is complete.
 * Whoever asks writes it where he may write: no path of his is ever opened here. The file has no name while it is sent.
 */
#include "backup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>

#include "core/log.h"
#include "store/copy.h"

#define TYPE "application/vnd.sqlite3"
#define STEP_PAGES 32
#define STEP_NS 4000000		/* of the loop's time at once */
#define PAUSE_US 1000
#define SPARE_BYTES (64 << 20)	/* that the disk keeps for the store itself */

struct backup {
	struct stream stream;
	struct governor *g;
	struct store_copy *copy;	/* NULL: complete */
	sd_event_source *pause;
	char *path;
	int fd;		/* of the complete copy; -1: not yet */
	int error;
	size_t sent;	/* of the error document */
};

static bool is_busy;

static char *copy_path(const struct governor *g)
{
	char *path;

	return asprintf(&path, "%s/backup.tmp", g->places.state) < 0 ? NULL : path;
}

void backup_clean(const struct governor *g)
{
	own_free char *path = copy_path(g), *other = NULL;

	if (path)
		unlink(path);
	if (asprintf(&other, "%s/restore.tmp", g->places.state) >= 0)
		unlink(other);
}

static int on_pause(sd_event_source *source, uint64_t usec, void *ctx)
{
	struct governor *g = ctx;

	(void)source, (void)usec;
	if (g->http)
		http_wake(g->http);
	return 0;
}

static int pause_a_moment(struct backup *b)
{
	uint64_t now;
	int r = sd_event_now(b->g->event, CLOCK_MONOTONIC, &now);

	sd_event_source_unref(b->pause);
	b->pause = NULL;
	return r < 0 ? r : sd_event_add_time(b->g->event, &b->pause, CLOCK_MONOTONIC, now + PAUSE_US, 1, on_pause, b->g);
}

/* 1: there is more to copy; 0: the file is complete and open. */
static int work(struct backup *b)
{
	uint64_t end = clock_boot_ns() + STEP_NS;
	int r;

	do
		r = store_copy_step(b->copy, STEP_PAGES);
	while (r > 0 && clock_boot_ns() < end);
	if (r)
		return r;
	store_copy_free(TAKE(b->copy));
	b->fd = open(b->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	r = b->fd < 0 ? -errno : 0;
	unlink(b->path);
	return r;
}

/* The status went out long ago: what went wrong is the document. */
static ssize_t send_error(struct backup *b, char *to, size_t room)
{
	own_free char *text = NULL;
	int size = asprintf(&text, "{\"error\":{\"code\":\"store\",\"message\":\"the copy could not be made: %s\","
			    "\"hint\":\"see the journal of cvfd-govern and the space on the disk of the store\"}}", strerror(-b->error));
	size_t n;

	if (size < 0 || (size_t)size <= b->sent)
		return -1;
	n = (size_t)size - b->sent < room ? (size_t)size - b->sent : room;
	memcpy(to, text + b->sent, n);
	b->sent += n;
	return (ssize_t)n;
}

static ssize_t pull(struct stream *stream, char *to, size_t room)
{
	struct backup *b = (struct backup *)stream;
	ssize_t n;
	int r = b->copy && !b->error ? work(b) : 0;

	if (r > 0)
		return pause_a_moment(b) < 0 ? -1 : 0;
	if (r < 0) {
		log_error("a backup could not be made: %s", strerror(-r));
		b->error = r;
	}
	if (b->error)
		return send_error(b, to, room);
	n = read(b->fd, to, room);
	return n > 0 ? n : -1;
}

static void backup_free(struct stream *stream)
{
	struct backup *b = (struct backup *)stream;

	is_busy = false;
	sd_event_source_unref(b->pause);
	store_copy_free(b->copy);
	if (b->fd >= 0)
		close(b->fd);
	else if (b->path)
		unlink(b->path);
	free(b->path);
	free(b);
}

static bool has_room(const struct governor *g)
{
	own_fd int dir = open(g->places.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statvfs fs;

	return dir >= 0 && fstatvfs(dir, &fs) == 0 &&
	       (int64_t)(fs.f_bavail * fs.f_frsize) > store_bytes(g->store) + store_bytes(g->store) / 8 + SPARE_BYTES;
}

static int begin(struct governor *g, struct backup *b)
{
	b->path = copy_path(g);
	if (!b->path)
		return -ENOMEM;
	unlink(b->path);
	return store_copy_open(g->store, b->path, &b->copy);
}

static unsigned int get_backup(struct request *q)
{
	struct governor *g = governor_of(q);
	struct backup *b;
	int r;

	if (q->socket == SOCKET_TCP)
		return refuse(q, 403, "not-here", "ask on the control socket: cvfctl store backup", "the store is not sent over the network");
	if (is_busy)
		return refuse(q, 503, "busy", "ask again when it is done", "another backup is being made");
	if (!has_room(g))
		return refuse(q, 507, "no-space", "make room, or copy the store while cvfd-govern is stopped",
			      "the disk of %s has no room for a copy of %lld bytes", g->places.state, (long long)store_bytes(g->store));
	b = calloc(1, sizeof(*b));
	if (!b)
		return refuse(q, 500, "no-memory", NULL, "out of memory");
	*b = (struct backup){ .stream = { .pull = pull, .free = backup_free, .type = TYPE }, .g = g, .fd = -1 };
	r = begin(g, b);
	is_busy = r == 0;
	if (r < 0) {
		backup_free(&b->stream);
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the copy could not be begun: %s", strerror(-r));
	}
	log_notice("a backup of the store is made");
	q->stream = &b->stream;
	return 200;
}

static const struct shape copy_shape = RAW("An SQLite database, or `{\"error\": ...}` if the copy fails on the way: the first byte tells them apart.");

static const struct route table[] = {
	{ "GET", "/v1/store/backup", ROLE_ADMIN, 0, get_backup, "The whole store as it is at the end of the copy, while it is written to",
	  "Not over TCP (403 `not-here`). 503 `busy` while another one is made, 507 `no-space` when the disk of the store has no room for it.", .answer = &copy_shape,
	  .type = TYPE },
};

const struct routes backup_routes = { table, ARRAY_SIZE(table), "Store" };
