// SPDX-License-Identifier: Apache-2.0
/* delegation_api.c - /v1/delegations */
#include <pwd.h>
#include <string.h>

#include "api/route.h"
#include "api/view.h"
#include "delegation_table.h"
#include "govern/govern.h"
#include "people.h"

#define NOTE_MAX 500
#define LONGEST_S (90 * 86400)

static json_t *view(const struct delegation *d)
{
	json_t *to = json_object();

	view_set(to, "id", json_string(d->id));
	view_set(to, "from", view_text(d->from));
	view_set(to, "to", view_text(d->to));
	view_set(to, "made_at", view_time(d->made_ms));
	view_set(to, "until", view_time(d->until_ms));
	view_set(to, "note", view_text(d->note));
	return to;
}

static int add(void *ctx, const struct delegation *d)
{
	json_array_append_new(ctx, view(d));
	return 0;
}

static unsigned int refuse_store(struct request *q)
{
	return refuse(q, 503, "store", "see the journal of cvfd-govern", "the delegations cannot be read or written");
}

static unsigned int get_delegations(struct request *q)
{
	json_t *list = json_array();

	if (delegation_table_each(governor_of(q)->store, clock_steady_ms(), (uid_t)-1, add, list) == 0)
		return reply(q, 200, json_pack("{s:o}", "delegations", list));
	json_decref(list);
	return refuse_store(q);
}

static unsigned int keep(struct request *q, const struct delegation *d)
{
	struct store *s = governor_of(q)->store;
	int r = store_begin(s, STORE_DURABLE);

	if (r == 0)
		r = delegation_table_add(s, d);
	if (r == 0)
		r = store_commit(s);
	if (r == 0)
		return reply(q, 201, view(d));
	store_rollback(s);
	return refuse_store(q);
}

static unsigned int lend(struct request *q, const char *to, int64_t for_s, const char *note)
{
	const struct passwd *pw = getpwnam(to);
	struct delegation d = { .from = caller_of(q)->name, .from_uid = caller_of(q)->uid, .made_ms = clock_steady_ms(), .note = note };
	char id[ULID_SIZE], name[CALLER_NAME];

	if (q->socket == SOCKET_TCP)
		return refuse(q, 403, "local-only", "ask on the control socket of the host", "a token lends nothing: it is no user");
	if (!pw || strlen(pw->pw_name) >= sizeof(name))
		return refuse(q, 404, "not-found", "roles are lent to a user of this system", "there is no user %s", to);
	if (pw->pw_uid == d.from_uid)
		return refuse(q, 400, "bad-value", NULL, "nobody lends anything to themselves");
	ulid_next(&governor_of(q)->ids, (uint64_t)d.made_ms, id);
	d.id = id;
	d.to = strcpy(name, pw->pw_name);
	d.to_uid = pw->pw_uid;
	d.until_ms = d.made_ms + for_s * 1000;
	return keep(q, &d);
}

static unsigned int post_delegation(struct request *q)
{
	return lend(q, body_text(q, "to"), body_number(q, "for_s"), body_text(q, "note"));
}

static int look(void *ctx, const struct delegation *d)
{
	*(uid_t *)ctx = d->from_uid;
	return 0;
}

static unsigned int delete_delegation(struct request *q)
{
	struct store *s = governor_of(q)->store;
	const char *id = q->params[0];
	uid_t from = 0;
	int r = delegation_table_find(s, id, look, &from);

	if (r > 0 && from != caller_of(q)->uid && !caller_may(caller_of(q), ROLE_ADMIN))
		return refuse(q, 403, "not-permitted", "its lender or an administrator ends it", "delegation %s is somebody else's", id);
	if (r > 0)
		r = store_begin(s, STORE_DURABLE) < 0 ? -EIO : delegation_table_end(s, id, clock_steady_ms(), caller_of(q)->name);
	if (r > 0)
		r = store_commit(s) < 0 ? -EIO : 1;
	if (r <= 0)
		store_rollback(s);
	if (r < 0)
		return refuse_store(q);
	if (r == 0)
		return refuse(q, 404, "not-found", "cvfctl delegations lists them", "there is no delegation %s in force", id);
	return reply(q, 200, json_pack("{s:s, s:s}", "id", id, "state", "ended"));
}

static const struct shape delegation_shape = SHAPE("delegation", M(TEXT, "id"), M(TEXT, "from"), M(TEXT, "to"), M(TIME, "made_at"),
	M(TIME, "until"), M(TEXT, "note", .flags = OR_NULL),);
static const struct shape delegations_shape = SHAPE(NULL, M(OBJECT, "delegations", .flags = MANY, .of = &delegation_shape),);
static const struct shape lend_shape = SHAPE(NULL, M(TEXT, "to", .flags = NEEDED, .max = CALLER_NAME - 1, .about = "a user"),
	M(NUMBER, "for_s", .flags = NEEDED, .min = 1, .max = LONGEST_S), M(TEXT, "note", .max = NOTE_MAX),);
static const struct shape ended_shape = SHAPE(NULL, M(TEXT, "id"), M(WORD, "state", .words = "ended"),);

static const struct route table[] = {
	{ "GET", "/v1/delegations", ROLE_VIEWER, 0, get_delegations, "Who lent whom the roles of an approver, and until when: those in force",
	  .answer = &delegations_shape },
	{ "POST", "/v1/delegations", ROLE_APPROVER, 0, post_delegation, "Lend one's roles of an approver to a user for a while",
	  "At most for 90 days. Lent are `approver` and, to a person, the duties, as the lender has them at the moment of use; what was\n"
	  "lent is not lent on. Where a rule names the lender, the other may approve.", .body = &lend_shape,
	  .answer = &delegation_shape, .status = 201 },
	{ "DELETE", "/v1/delegations/{id}", ROLE_APPROVER, 0, delete_delegation, "End one's delegation, or as admin any", .answer = &ended_shape },
};

const struct routes delegation_routes = { table, ARRAY_SIZE(table), "Delegations" };
