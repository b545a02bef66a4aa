// SPDX-License-Identifier: Apache-2.0
/*
 * verb_store.c - the store as a file: a copy of it while it is used, a look at all of it, a copy in its place
 *
 * A backup is written here, with the rights of who asks; the governor opens no path that it is told. The other two need no
 * daemon, and what knows the store: cvfd-govern, which is run instead of this program.
 */
#include "ask.h"
#include "out.h"
#include "routes.h"
#include "verbs.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define HEADER 100	/* bytes of a database that say how long it is */

/* ---- backup ---- */

struct saving {
	int fd, error;
	unsigned char header[HEADER];
	size_t size;
};

static int write_all(int fd, const char *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t n = write(fd, bytes + at, size - at);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static bool save(void *ctx, const char *bytes, size_t size)
{
	struct saving *s = ctx;

	if (s->size < HEADER)
		memcpy(s->header + s->size, bytes, size < HEADER - s->size ? size : HEADER - s->size);
	s->size += size;
	s->error = write_all(s->fd, bytes, size);
	return s->error == 0;
}

static uint64_t number(const unsigned char *at, int bytes)
{
	uint64_t n = 0;

	while (bytes--)
		n = n << 8 | *at++;
	return n;
}

/* The format of SQLite: its name, the size of a page, the number of pages. A copy that was cut off is shorter. */
static bool is_whole(const struct saving *s)
{
	uint64_t page = number(s->header + 16, 2);

	if (s->size < HEADER || memcmp(s->header, "SQLite format 3", 16) != 0)
		return false;
	return (page == 1 ? 65536 : page) * number(s->header + 28, 4) == s->size;
}

static json_t *read_refusal(const struct saving *s)
{
	char text[4096];
	ssize_t n = s->size && s->header[0] == '{' ? pread(s->fd, text, sizeof(text), 0) : -1;

	return n > 0 ? json_loadb(text, (size_t)n, 0, NULL) : NULL;
}

/* 0, or an exit status after saying why. */
static int finish(const char *file, struct saving *s)
{
	own_json json_t *refusal = read_refusal(s);

	if (refusal)
		return ask_say_error("make a backup", 503, refusal);
	if (!is_whole(s))
		return say_fail(REFUSED, "see the journal of cvfd-govern, and try again", "the daemon ended before the backup was whole");
	if (fsync(s->fd) < 0)
		return say_fail(REFUSED, NULL, "cannot write %s: %s", file, strerror(errno));
	return DONE;
}

static int receive(const struct call *c, const char *file, struct saving *s)
{
	const struct stream_sink sink = { save, s };
	own_url struct url u = to_get_v1_store_backup();
	own(client) struct client *cl = NULL;
	own_reply struct reply reply = { 0 };
	int r = client_new(client_socket(c), &cl);

	if (r == 0)
		r = client_stream(cl, &u, NULL, &sink, &reply);
	if (r == -ENOMEM)
		return say_no_memory();
	if (s->error < 0)
		return say_fail(REFUSED, "make room, or name a file on another disk", "cannot write %s: %s", file, strerror(-s->error));
	if (r < 0)
		return ask_say_unreachable(client_socket(c), r);
	return reply.status >= 300 ? ask_say_error("make a backup", reply.status, reply.body) : finish(file, s);
}

int verb_store_backup(const struct call *c)
{
	const char *file = c->words[0];
	struct saving s = { .fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600) };
	int r;

	if (s.fd < 0)
		return say_fail(errno == EACCES ? NOT_PERMITTED : REFUSED, errno == EEXIST ? "name a file that is not there yet" : NULL,
				"cannot make %s: %s", file, strerror(errno));
	r = receive(c, file, &s);
	close(s.fd);
	if (r != DONE) {
		unlink(file);
		return r;
	}
	if (call_has(c, OPT_JSON)) {
		own_json json_t *to = json_pack("{s:s, s:I, s:I}", "file", file, "bytes", (json_int_t)s.size, "schema",
						(json_int_t)number(s.header + 60, 4));

		out_json(stdout, to);
	} else {
		say_line("%s: %zu bytes, schema %u; see whether it is sound with: cvfctl store check %s", file, s.size,
		       (unsigned int)number(s.header + 60, 4), file);
	}
	return DONE;
}

/* ---- check, restore ---- */

/* Installed, or where it was built. */
static char *find_governor(void)
{
	static const char *const places[] = { "../sbin/cvfd-govern", "cvfd-govern" };
	char self[4096], *slash, *path;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return NULL;
	self[n] = 0;
	slash = strrchr(self, '/');
	*slash = 0;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (asprintf(&path, "%s/%s", self, places[i]) < 0)
			return NULL;
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static int become_governor(const struct call *c, const char *what)
{
	own_free char *program = find_governor();
	char state[] = "--state", json[] = "--json", *argv[6] = { NULL };
	own_free char *dir = c->option[OPT_STATE] ? strdup(c->option[OPT_STATE]) : NULL, *option = strdup(what);
	int n = 0;

	if (!program)
		return say_fail(REFUSED, "install the package again", "cvfd-govern is not where it belongs");
	argv[n++] = program;
	argv[n++] = option;
	if (dir) {
		argv[n++] = state;
		argv[n++] = dir;
	}
	if (call_has(c, OPT_JSON))
		argv[n] = json;
	fflush(stdout);
	execv(program, argv);
	return say_fail(REFUSED, NULL, "cannot run %s: %s", program, strerror(errno));
}

int verb_store_check(const struct call *c)
{
	own_free char *what = NULL;

	if (c->count == 0)
		return become_governor(c, "--check");
	return asprintf(&what, "--check=%s", c->words[0]) < 0 ? say_no_memory() : become_governor(c, what);
}

int verb_store_restore(const struct call *c)
{
	own_free char *what = NULL;

	return asprintf(&what, "--restore=%s", c->words[0]) < 0 ? say_no_memory() : become_governor(c, what);
}
