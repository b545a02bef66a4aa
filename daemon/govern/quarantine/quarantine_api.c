// SPDX-License-Identifier: Apache-2.0
/* quarantine_api.c - /v1/quarantine */
#include <string.h>

#include "api/route.h"
#include "govern/find.h"
#include "govern/registry/numbers_table.h"
#include "quarantine_view.h"

static unsigned int refuse_store(struct request *q)
{
	return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read");
}

struct listing {
	struct governor *g;
	json_t *list;
	int64_t left;
	char next[ULID_SIZE];	/* the last one listed; empty: all are */
};

static int add(void *ctx, const struct kept *k)
{
	struct listing *l = ctx;

	if (l->left-- == 0)
		return 1;
	memcpy(l->next, k->id, sizeof(l->next));
	json_array_append_new(l->list, kept_view(l->g, k));
	return 0;
}

static unsigned int read_filter(struct request *q, struct kept_filter *f)
{
	const char *agent = query_text(q, "agent"), *name = request_query(q, "cursor") ? "cursor" : "before";

	f->limit = query_number(q, "limit");
	f->before = request_query(q, name);
	(void)kept_state_find(query_text(q, "state"), &f->state);
	f->agent = agent ? numbers_table_find(governor_of(q)->numbers, NUMBER_AGENT, agent) : 0;
	if (f->before && !ulid_is_prefix(f->before))
		return refuse(q, 400, "bad-parameter", "write an id", "the parameter \"%s\" cannot be understood", name);
	return 0;
}

static unsigned int get_kept(struct request *q)
{
	struct governor *g = governor_of(q);
	struct kept_filter f;
	struct listing l = { .g = g };
	uint64_t bytes = 0;
	unsigned int status = read_filter(q, &f);
	int r;

	if (status)
		return status;
	l.list = json_array();
	l.left = f.limit++; /* one more tells whether there are more */
	r = query_text(q, "agent") && !f.agent ? 0 : kept_table_each(g->store, &f, add, &l);
	if (r == 0)
		r = kept_table_bytes(g->store, &bytes);
	if (r < 0 || !l.list) {
		json_decref(l.list);
		return refuse_store(q);
	}
	return reply(q, 200, json_pack("{s:o, s:I, s:s?}", "kept", l.list, "bytes", (json_int_t)bytes, "next",
				       l.left < 0 ? l.next : NULL));
}

static unsigned int find_kept(struct request *q, char ret_id[ULID_SIZE])
{
	return find_by_prefix(q, kept_table_find_prefix, "nothing is kept as", "GET /v1/quarantine lists what is kept", ret_id);
}

static unsigned int get_one(struct request *q)
{
	char id[ULID_SIZE];
	unsigned int status = find_kept(q, id);

	return status ? status : reply(q, 200, kept_view_id(governor_of(q), id));
}

static const struct {
	int error;
	unsigned int status;
	const char *code, *message, *hint;
} refusals[] = {
	{ -EALREADY, 409, "not-kept", "it is not kept any more", "GET /v1/quarantine/ID says what became of it and when" },
	{ -EEXIST, 409, "name-taken", "something has its name now", "move that away first; nothing is replaced" },
	{ -ENOTDIR, 409, "folder-gone", "the folder it was in is gone", "make the folder again, then restore it" },
	{ -ENODEV, 409, "not-mounted", "the file system it is kept on is not mounted", "mount it, then try again" },
	{ -ENOENT, 409, "missing", "it is not in its place any more: somebody with root's rights took it", NULL },
	{ -EROFS, 409, "read-only", "the file system it is kept on is mounted read-only", "mount it writable, then try again" },
	{ -EBADMSG, 409, "damaged", "what was noted of its past is damaged, so nobody can say where it belongs",
	  "as root look into .cvf-quarantine at the root of its file system: the object lies there under its id" },
	{ -EHOSTDOWN, 503, "quarantine", "cvfd-quarantine does not answer", "see: systemctl status cvfd-quarantine" },
	{ -EIO, 503, "store", "what was done cannot be stored", "see the journal of cvfd-govern" },
};

static unsigned int end(struct request *q, int (*do_end)(struct governor *g, const char *id, const char *by))
{
	char id[ULID_SIZE];
	unsigned int status = find_kept(q, id);
	int r = status ? 0 : do_end(governor_of(q), id, caller_of(q)->name);

	if (status)
		return status;
	for (size_t i = 0; r < 0 && i < ARRAY_SIZE(refusals); i++)
		if (refusals[i].error == r)
			return refuse(q, refusals[i].status, refusals[i].code, refusals[i].hint, "%s: %s", id, refusals[i].message);
	if (r < 0)
		return refuse(q, 503, "quarantine", "see the journal of cvfd-quarantine", "%s: %s", id, strerror(-r));
	return reply(q, 200, kept_view_id(governor_of(q), id));
}

static unsigned int post_restore(struct request *q)
{
	return end(q, quarantine_restore);
}

static unsigned int post_purge(struct request *q)
{
	return end(q, quarantine_purge);
}

static const struct shape kept_query = SHAPE(NULL, M(TEXT, "agent"),
	M(WORD, "state", .words = "kept|restored|purged|lost|all", .preset = "kept"), PAGE_OF(1000, "200"),
	M(TEXT, "before", .max = 64, .about = "older name of `cursor`"),);
static const struct shape listed_shape = SHAPE(NULL, M(OBJECT, "kept", .flags = MANY, .of = &kept_shape, .about = "the newest first"),
	M(NUMBER, "bytes", .about = "the size of everything kept"), NEXT_PAGE,);

static const struct route table[] = {
	{ "GET", "/v1/quarantine", ROLE_VIEWER, 0, get_kept, "What was kept before agents deleted or replaced it", .query = &kept_query,
	  .answer = &listed_shape },
	{ "GET", "/v1/quarantine/{id}", ROLE_VIEWER, 0, get_one, "One kept object, by its id or an unambiguous prefix", .answer = &kept_shape },
	{ "POST", "/v1/quarantine/{id}/restore", ROLE_ADMIN, 0, post_restore, "Put it back where it was",
	  "With its owner, mode, times and extended attributes. Nothing is replaced: 409 `name-taken` when something has the name,\n"
	  "`folder-gone`, `not-mounted`, `read-only`, `missing`, `damaged` or `not-kept` (it was restored or purged before).",
	  .answer = &kept_shape },
	{ "POST", "/v1/quarantine/{id}/purge", ROLE_ADMIN, 0, post_purge, "Remove it for good",
	  "409 `not-mounted`, `read-only` or `not-kept`.", .answer = &kept_shape },
};

const struct routes quarantine_routes = { table, ARRAY_SIZE(table), "Quarantine" };
