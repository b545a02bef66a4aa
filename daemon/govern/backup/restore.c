// SPDX-License-Identifier: Apache-2.0
/*
 * restore.c - see restore.h
 *
 * The file is copied first and judged as a copy, so that nobody changes what was judged. Then the copy takes the store's name
 * in one step: at every moment there is a whole one under it. The old one is kept beside it.
 */
#include "restore.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/log.h"
#include "govern/approval/grant.h"
#include "govern/approval/grant_table.h"
#include "govern/sandbox.h"
#include "govern/start.h"
#include "store/copy.h"

#define MARK "restored"	/* names, one in a line, the digests of grants that the kernel may have and the store not */

enum { DONE = 0, FAILED = 1, NOT_FOUND = 3, NOT_PERMITTED = 5 };

struct paths {
	char *db, *fresh, *mark, *aside;
};

static void paths_done(struct paths *p)
{
	free(p->db);
	free(p->fresh);
	free(p->mark);
	free(p->aside);
}

static int paths_make(const struct governor *g, struct paths *p)
{
	const char *state = g->places.state;

	*p = (struct paths){ 0 };
	if (asprintf(&p->db, "%s/cvf.db", state) < 0 || asprintf(&p->fresh, "%s/restore.tmp", state) < 0 ||
	    asprintf(&p->mark, "%s/" MARK, state) < 0 ||
	    asprintf(&p->aside, "%s/cvf.db.before-restore-%lld", state, (long long)time(NULL)) < 0)
		return -ENOMEM;
	return 0;
}

static int fail(int error, const char *what, const char *path)
{
	log_error("%s %s: %s", what, path, strerror(-error));
	return error == -ENOENT ? NOT_FOUND : error == -EACCES || error == -EPERM ? NOT_PERMITTED : FAILED;
}

static struct store_options options_of(const char *path)
{
	return (struct store_options){ .path = path, .migrations = store_migrations, .migrations_count = store_migrations_count };
}

static int say(const struct offline *o, json_t *take, const char *text)
{
	own_free char *json = o->json ? json_dumps(take, JSON_COMPACT) : NULL;

	json_decref(take);
	return puts(json ? json : text) < 0 || fflush(stdout) != 0 ? FAILED : DONE;
}

/* ---- check ---- */

static int refuse_file(const char *path, int error, const struct store_judgement *j)
{
	if (!*j->problem)
		return fail(error, "cannot read", path);
	log_error("%s is not sound: %s%s", path, j->problem,
		  error == -EPROTO ? "; install the newer version" : "");
	return FAILED;
}

int offline_check(struct governor *g, const struct offline *o)
{
	own_free char *own_path = NULL, *text = NULL;
	const char *path = o->file;
	struct store_judgement j;
	struct store_options options;
	int r;

	if (!path && asprintf(&own_path, "%s/cvf.db", g->places.state) < 0)
		return FAILED;
	path = path ? path : own_path;
	options = options_of(path);
	r = store_judge(&options, o->file, &j);
	if (r < 0)
		return refuse_file(path, r, &j);
	if (asprintf(&text, "%s: sound; schema %d, %" PRId64 " bytes", path, j.schema, j.bytes) < 0)
		return FAILED;
	return say(o, json_pack("{s:s, s:b, s:i, s:I}", "file", path, "sound", true, "schema", j.schema, "bytes", (json_int_t)j.bytes), text);
}

/* ---- restore ---- */

static int copy_bytes(int from, int to)
{
	static char buffer[1 << 16];
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		for (ssize_t at = 0, w; at < n; at += w) {
			w = write(to, buffer + at, (size_t)(n - at));
			if (w < 0)
				return -errno;
		}
	if (n < 0)
		return -errno;
	return fsync(to) < 0 ? -errno : 0;
}

static int copy_in(int from, const struct paths *p)
{
	own_fd int to = -1;

	unlink(p->fresh);
	to = open(p->fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return to < 0 ? -errno : copy_bytes(from, to);
}

static int write_digest(void *ctx, const struct grant *grant)
{
	if (grant->digest)
		fprintf(ctx, "%016" PRIx64 "\n", grant->digest);
	return 0;
}

/*
 * What the old store lets the kernel allow. A store that cannot be read says nothing; its grants end by the kernel's clock.
 * Opening it also brings its log into it.
 */
static int write_mark(const struct paths *p)
{
	own(store) struct store *old = NULL;
	own_file FILE *out = fopen(p->mark, "we");
	struct store_options options = options_of(p->db);
	int r = out ? 0 : -errno;

	if (r == 0 && access(p->db, F_OK) == 0 && (store_open(&options, &old) < 0 || grant_table_each(old, 0, write_digest, out) < 0))
		log_warning("the old store cannot be read: grants that were given by it end by themselves, not now");
	if (r == 0 && (fflush(out) != 0 || fsync(fileno(out)) < 0))
		r = -errno;
	return r;
}

static int move_beside(const struct paths *p, const char *suffix)
{
	own_free char *from = NULL, *to = NULL;

	if (asprintf(&from, "%s%s", p->db, suffix) < 0 || asprintf(&to, "%s%s", p->aside, suffix) < 0)
		return -ENOMEM;
	return rename(from, to) < 0 && errno != ENOENT ? -errno : 0;
}

/* The old store gets its second name before the copy takes the first: whenever this is cut short, both are there whole. */
static int exchange(const struct governor *g, struct paths *p)
{
	own_fd int dir = open(g->places.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = move_beside(p, "-wal");

	if (r == 0)
		r = move_beside(p, "-shm");
	if (r < 0)
		return r;
	if (access(p->db, F_OK) < 0)
		free(TAKE(p->aside));
	if (p->aside && link(p->db, p->aside) < 0)
		return -errno;
	if (rename(p->fresh, p->db) < 0)
		return -errno;
	return dir < 0 || fsync(dir) < 0 ? -errno : 0;
}

static int replace(struct governor *g, const struct offline *o, struct paths *p)
{
	struct store_options options = options_of(p->fresh);
	struct store_judgement j;
	own_free char *text = NULL;
	int r = store_judge(&options, true, &j), size;

	if (r < 0)
		return refuse_file(o->file, r, &j);
	r = write_mark(p);
	if (r == 0)
		r = exchange(g, p);
	if (r < 0) {
		unlink(p->mark);
		return fail(r, "cannot replace", p->db);
	}
	size = asprintf(&text, "%s is the store now (schema %d, %" PRId64 " bytes)%s%s", o->file, j.schema, j.bytes,
			p->aside ? "; what was there is kept as " : "", p->aside ? p->aside : "");
	if (size < 0)
		return FAILED;
	return say(o, json_pack("{s:s, s:s, s:i, s:I, s:s?}", "file", o->file, "store", p->db, "schema", j.schema, "bytes",
				(json_int_t)j.bytes, "kept", p->aside), text);
}

int offline_restore(struct governor *g, const struct offline *o)
{
	own_fd int from = open(o->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct paths p;
	struct stat st;
	int r = from < 0 || fstat(from, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;

	if (r < 0)
		return fail(r, "cannot read", o->file);
	r = start_alone(g); /* says why not */
	if (r < 0)
		return r == -EACCES || r == -EPERM ? NOT_PERMITTED : FAILED;
	r = paths_make(g, &p);
	if (r == 0)
		r = copy_in(from, &p);
	r = r < 0 ? fail(r, "cannot copy to", p.fresh ? p.fresh : "memory") : replace(g, o, &p);
	if (p.fresh && r != DONE)
		unlink(p.fresh);
	paths_done(&p);
	return r;
}

/* ---- the start after it ---- */

static int drop_marked(struct governor *g, FILE *in)
{
	uint64_t digest;
	int r = 0;

	while (r == 0 && fscanf(in, "%" SCNx64, &digest) == 1)
		r = grant_drop(g, digest);
	return r;
}

static int drop_restored(void *ctx, const struct grant *grant)
{
	return grant_drop(ctx, grant->digest) == -ECONNRESET;
}

static int end_grants(struct governor *g)
{
	int r = grant_table_each(g->store, 0, drop_restored, g);

	if (r == 0)
		r = store_begin(g->store, STORE_DURABLE);
	if (r == 0)
		r = grant_table_end_all(g->store);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r;
}

int restore_finish(struct governor *g)
{
	own_free char *path = NULL;
	own_file FILE *in = NULL;
	int r;

	if (asprintf(&path, "%s/" MARK, g->places.state) < 0)
		return -ENOMEM;
	in = fopen(path, "re");
	if (!in)
		return errno == ENOENT ? 0 : -errno;
	r = drop_marked(g, in);
	if (r == 0)
		r = end_grants(g);
	if (r < 0) {
		log_error("the store was restored, and its grants cannot be ended: %s; started again, it is tried again", strerror(-r));
		return r;
	}
	unlink(path);
	log_notice("the store was restored from a backup: every grant has ended; what it lacks of this boot shows as gaps");
	return 0;
}
