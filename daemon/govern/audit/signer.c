// SPDX-License-Identifier: Apache-2.0
/*
 * signer.c - see signer.h
 *
 * A rotation writes the new key beside the old one, then the row, then renames: whatever stops it in between, the next start
 * finds by the row which of the two is the key.
 */
#include "signer.h"

#include <fcntl.h>
#include <sodium.h>
#include <string.h>

#include "core/log.h"
#include "keyfile.h"
#include "store/stmt.h"
#include "trail/trail_table.h"

#define FILE_NAME "audit.key"
#define NEW_NAME "audit.key.new"

static char *path_of(struct governor *g, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", g->places.state, name) < 0 ? NULL : path;
}

static int put_in_place(struct governor *g)
{
	own_free char *from = path_of(g, NEW_NAME), *to = path_of(g, FILE_NAME);
	own_fd int dir = open(g->places.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!from || !to)
		return -ENOMEM;
	if (rename(from, to) < 0 || dir < 0 || fsync(dir) < 0)
		return -errno;
	return 0;
}

static int last_key(void *ctx, const struct key_row *k)
{
	*(struct key_row *)ctx = *k;
	return 0;
}

static int add_row(struct governor *g, const struct key_row *k)
{
	struct stmt *q = stmt(g->store, "INSERT INTO keys (public, reason, made_ms, made_by, before, signature) VALUES (?, ?, ?, ?, ?, ?)");

	stmt_blob(q, k->public, KEY_BYTES);
	stmt_text(q, k->reason);
	stmt_int(q, clock_utc_ms());
	stmt_text(q, k->made_by);
	if (k->has_before)
		stmt_blob(q, k->before, KEY_BYTES);
	else
		stmt_null(q);
	stmt_blob(q, k->signature, SIGNATURE_BYTES);
	return stmt_run(q);
}

static int store_row(struct governor *g, const struct key_row *k)
{
	int r = store_begin(g->store, STORE_DURABLE);

	if (r == 0)
		r = add_row(g, k);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r;
}

static int make_file(struct governor *g, uint8_t seed[SEED_BYTES])
{
	own_free char *path = path_of(g, NEW_NAME);

	return path ? keyfile_make(path, seed) : -ENOMEM;
}

/* The key that the store knows last is not the one at hand: said in the trail, which cannot be undone. */
static int begin_with(struct governor *g, struct signer *s, const struct key_row *last, bool has_last)
{
	struct key_row k = { .has_before = has_last };

	memcpy(k.public, s->public, KEY_BYTES);
	memcpy(k.before, last->public, KEY_BYTES);
	snprintf(k.reason, sizeof(k.reason), "%s", has_last ? "replaced" : "first");
	snprintf(k.made_by, sizeof(k.made_by), "cvfd-govern");
	key_endorse(s->seed, NULL, s->public, k.signature);
	if (has_last)
		log_error("the key %s/" FILE_NAME " is not the one that signed the trail so far: going on with it; cvfctl audit verify shows it",
			  g->places.state);
	return store_row(g, &k);
}

/* A rotation that was cut short. */
static void finish_rotation(struct governor *g, const struct key_row *last)
{
	own_free char *path = path_of(g, NEW_NAME);
	uint8_t seed[SEED_BYTES], public[KEY_BYTES];

	if (!path || keyfile_read(path, seed) < 0)
		return;
	key_public(seed, public);
	sodium_memzero(seed, sizeof(seed));
	if (memcmp(public, last->public, KEY_BYTES) != 0)
		unlink(path);
	else if (put_in_place(g) < 0)
		log_error("the new key of the trail cannot be put in place: %s", strerror(errno));
}

static int load(struct governor *g, struct signer *s, const struct key_row *last, bool has_last)
{
	own_free char *path = path_of(g, FILE_NAME);
	bool is_new = false;
	int r = path ? keyfile_read(path, s->seed) : -ENOMEM;

	if (r == -ENOENT) {
		is_new = true;
		r = make_file(g, s->seed);
		if (r == 0)
			r = put_in_place(g);
	}
	if (r < 0)
		return r;
	key_public(s->seed, s->public);
	s->has_key = true;
	if (is_new || !has_last || memcmp(last->public, s->public, KEY_BYTES) != 0)
		r = begin_with(g, s, last, has_last);
	return r == -EEXIST ? 0 : r; /* a key of earlier, put back: what it signs is found not to be in force */
}

int signer_open(struct governor *g, struct signer *s)
{
	struct key_row last = { 0 };
	int r = key_table_each(g->store, last_key, &last);
	bool has_last = *last.reason;

	if (r < 0)
		return r;
	if (has_last)
		finish_rotation(g, &last);
	r = load(g, s, &last, has_last);
	if (r < 0) {
		snprintf(s->problem, sizeof(s->problem), "the key %s/" FILE_NAME " cannot be used: %s", g->places.state,
			 r == -EPERM ? "it must belong to the governor's user, mode 0600" : strerror(-r));
		log_error("%s; heads of the audit trail are not signed", s->problem);
	}
	return r == -ENOMEM ? r : 0;
}

int signer_rotate(struct governor *g, struct signer *s, const char *by)
{
	struct key_row k = { .has_before = true, .reason = "rotated" };
	uint8_t seed[SEED_BYTES];
	int r;

	if (!s->has_key)
		return -ENOKEY;
	r = make_file(g, seed);
	if (r < 0)
		return r;
	key_public(seed, k.public);
	memcpy(k.before, s->public, KEY_BYTES);
	snprintf(k.made_by, sizeof(k.made_by), "%s", by);
	key_endorse(s->seed, s->public, k.public, k.signature);
	r = store_row(g, &k);
	if (r == 0)
		r = put_in_place(g);
	if (r == 0) {
		memcpy(s->seed, seed, SEED_BYTES);
		memcpy(s->public, k.public, KEY_BYTES);
	}
	sodium_memzero(seed, sizeof(seed));
	return r;
}

void signer_done(struct signer *s)
{
	sodium_memzero(s, sizeof(*s));
}
