// SPDX-License-Identifier: Apache-2.0
/* grant.c - see grant.h */
#include "grant.h"

#include <string.h>

#include "api/view.h"
#include "core/event.h"
#include "govern/audit/event_view.h"
#include "policy/pattern.h"

#define COVERS_BYTES 300

/* "exec /usr/bin/git push origin", shortened. */
static char *covers(const struct cvf_record *r)
{
	json_t *object = record_object(r), *args = record_args(record_text(r, r->args).p, record_text(r, r->args).n), *one;
	const char *path = json_string_value(object), *op = op_name(r->op);
	char *text = malloc(COVERS_BYTES);
	int used;
	size_t i;

	if (text) {
		used = snprintf(text, COVERS_BYTES, "%s%s%s", op ? op : "", path ? " " : "", path ? path : "");
		json_array_foreach(args, i, one)
			if (i > 0 && used < COVERS_BYTES)
				used += snprintf(text + used, (size_t)(COVERS_BYTES - used), " %s", json_string_value(one));
	}
	json_decref(object);
	json_decref(args);
	return text;
}

/* "delete /srv/build/", then the pattern as it is. */
static char *covers_pattern(const struct cvf_record *r, const char *pattern)
{
	const char *op = op_name(r->op);
	char *text;

	return asprintf(&text, "%s %s", op ? op : "", pattern) < 0 ? NULL : text;
}

static void set_end(struct governor *g, const struct decision *d, bool is_session, struct grant *to)
{
	int64_t for_s = d->for_s;

	if (!for_s && !is_session)
		for_s = g->settings.grant_default_s;
	if (!for_s)
		return; /* until the session ends */
	to->expires_ms = clock_utc_ms() + for_s * 1000;
	to->expires_ns = clock_boot_ns() + (uint64_t)for_s * 1000000000u;
}

int grant_make(struct governor *g, const struct hold *h, const struct decision *d, struct grant *ret_grant)
{
	bool is_session = strcmp(d->scope, "session") == 0;
	struct grant one = { .boot = h->boot, .digest = is_session ? h->grant_session : h->grant_agent, .agent = h->agent,
			     .session = is_session ? h->session : 0, .capability = h->record->capability,
			     .uses_left = d->uses ? d->uses : -1, .made_ms = clock_utc_ms(),
			     .attached_ns = g->status.started_ns };

	if (!one.digest || strlen(d->pattern ? d->pattern : "") >= sizeof(one.pattern))
		return -ENOTSUP;
	if (d->pattern) {
		one.digest = 0;
		one.op = h->record->op;
		one.protocol = h->record->protocol;
		one.is_over = h->cell_flags & CVF_CELL_OVER;
		strcpy(one.pattern, d->pattern);
	}
	one.covers = d->pattern ? covers_pattern(h->record, d->pattern) : covers(h->record);
	if (!one.covers)
		return -ENOMEM;
	ulid_next(&g->ids, (uint64_t)one.made_ms, one.id);
	snprintf(one.scope, sizeof(one.scope), "%s", d->scope);
	snprintf(one.hold, sizeof(one.hold), "%s", h->id);
	snprintf(one.made_by, sizeof(one.made_by), "%s", d->by);
	snprintf(one.note, sizeof(one.note), "%s", d->note ? d->note : "");
	set_end(g, d, is_session, &one);
	*ret_grant = one;
	return 0;
}

int grant_send(struct governor *g, const struct grant *grant)
{
	struct wire_grant message = { .digest = grant->digest, .expires_ns = grant->expires_ns,
				      .uses = grant->uses_left < 0 ? CVF_USES_UNLIMITED : (uint32_t)grant->uses_left };

	return grant->digest ? link_order(g->link, WIRE_GRANT_ADD, &message) : 0;
}

int grant_drop(struct governor *g, uint64_t digest)
{
	struct wire_grant message = { .digest = digest };
	int r = digest ? link_order(g->link, WIRE_GRANT_DROP, &message) : 0;

	return r == -ENOENT ? 0 : r; /* it ran out by itself */
}

static int copy(void *ctx, const struct grant *grant)
{
	struct grant *to = ctx;

	*to = *grant;
	to->covers = NULL;
	return 0;
}

static int set_state(struct governor *g, const char *id, enum grant_state state)
{
	int r = store_begin(g->store, STORE_DURABLE);

	if (r == 0)
		r = grant_table_set_state(g->store, id, state);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r;
}

/* Written first: a revoked grant must not come back with the next restart, whatever happens to the message. */
int grant_revoke(struct governor *g, const char *id)
{
	struct grant one;
	int r = grant_table_find(g->store, id, copy, &one);

	if (r <= 0)
		return r < 0 ? -EIO : -ENOENT;
	if (one.state != GRANT_ACTIVE)
		return -ENOENT;
	r = set_state(g, id, GRANT_REVOKED);
	return r < 0 ? -EIO : grant_drop(g, one.digest);
}

/* By the kernel's clock, which nobody sets: the moment that people read is of the wall clock when it was made. */
static bool has_run_out(const struct grant *grant)
{
	return grant->expires_ns && grant->expires_ns <= clock_boot_ns();
}

bool grant_covers(struct governor *g, const struct hold *h, char by[64])
{
	struct grant one;

	if (!h->grant_agent && !h->grant_session)
		return false;
	if (grant_table_find_digest(g->store, h->boot, h->grant_agent, h->grant_session, copy, &one) <= 0)
		return false;
	if (one.uses_left >= 0 || has_run_out(&one))
		return false;
	snprintf(by, 64, "grant %s", one.id);
	return true;
}

int grant_check_pattern(struct governor *g, const struct hold *h, const char *pattern, struct diags *d)
{
	own(pattern) struct pattern *p = NULL;
	struct question q;
	int r = question_of_hold(g, h->record, time(NULL), &q);

	if (r < 0)
		return r == -ENODATA ? -ENOTSUP : r; /* what was cut off cannot be compared */
	r = pattern_make(&q.query, pattern, &p, d);
	if (r == 0 && !pattern_covers(p, &q.query)) {
		diags_add(d, DIAG_ERROR, NULL, 0, 0, "it is matched against the whole path and every argument",
			  "the pattern \"%.200s\" does not cover the operation that asks", pattern);
		r = -EINVAL;
	}
	question_done(&q);
	return r;
}

struct looking {
	struct governor *g;
	const struct hold *h;
	struct question question;	/* made for the first grant that may cover it: mostly there is none */
	bool has_question;
	int error;
	char *id;
};

static bool is_for(const struct grant *grant, const struct hold *h)
{
	return *grant->pattern && grant->boot == h->boot && (!grant->session || grant->session == h->session) &&
	       grant->capability == h->record->capability && grant->op == h->record->op &&
	       grant->protocol == h->record->protocol && (grant->is_over || !(h->cell_flags & CVF_CELL_OVER)) && grant->uses_left != 0 &&
	       (!grant->expires_ns || grant->expires_ns > clock_boot_ns());
}

static int look(void *ctx, const struct grant *grant)
{
	struct looking *l = ctx;
	own(pattern) struct pattern *p = NULL;
	struct diags d = { 0 };
	bool covers_it;

	if (!is_for(grant, l->h))
		return 0;
	if (!l->has_question)
		l->error = question_of_hold(l->g, l->h->record, time(NULL), &l->question);
	l->has_question = l->error == 0;
	if (!l->has_question)
		return 1;
	covers_it = pattern_make(&l->question.query, grant->pattern, &p, &d) == 0 && pattern_covers(p, &l->question.query);
	diags_done(&d);
	if (covers_it)
		strcpy(l->id, grant->id);
	return covers_it;
}

int grant_find_pattern(struct governor *g, const struct hold *h, char ret_id[ULID_SIZE])
{
	struct looking l = { .g = g, .h = h, .id = ret_id };
	int r;

	ret_id[0] = 0;
	r = grant_table_each(g->store, h->agent, look, &l);
	if (l.has_question)
		question_done(&l.question);
	if (r == 0 && l.error < 0)
		r = l.error == -ENODATA ? 0 : l.error;
	return r < 0 ? r : ret_id[0] != 0;
}

static int drop_one(void *ctx, const struct grant *grant)
{
	return grant_drop(ctx, grant->digest) == -ECONNRESET;
}

int grant_on_session_end(struct governor *g, uint32_t session)
{
	return grant_table_end_session(g->store, g->boot, session, drop_one, g);
}

struct lost {
	struct governor *g;
	struct grant *v;
	size_t n;
};

static int add_lost(void *ctx, const struct grant *grant)
{
	struct lost *l = ctx;
	struct grant *grown;

	if (!grant->digest || grant->boot != l->g->boot || grant->attached_ns == l->g->status.started_ns)
		return 0;
	grown = reallocarray(l->v, l->n + 1, sizeof(*grown));
	if (!grown)
		return 1;
	l->v = grown;
	return copy(&l->v[l->n++], grant);
}

int grant_send_lost(struct governor *g)
{
	struct lost lost = { .g = g };
	int r = grant_table_each(g->store, 0, add_lost, &lost);

	for (size_t i = 0; r == 0 && i < lost.n; i++) {
		r = grant_send(g, &lost.v[i]);
		if (r == 0)
			r = store_begin(g->store, STORE_BATCH);
		if (r == 0)
			r = grant_table_set_attached(g->store, lost.v[i].id, g->status.started_ns);
		if (r == 0)
			r = store_commit(g->store);
		if (r < 0)
			store_rollback(g->store);
	}
	free(lost.v);
	return r;
}

static int count(void *ctx, const struct grant *grant)
{
	*(bool *)ctx |= has_run_out(grant);
	return 0;
}

/* The kernel has its own clock for them; this is for the list. */
void grant_tick(struct governor *g)
{
	bool is_due = false;

	if (grant_table_each(g->store, 0, count, &is_due) < 0 || !is_due || store_begin(g->store, STORE_BATCH) < 0)
		return;
	if (grant_table_expire(g->store, clock_boot_ns()) < 0 || store_commit(g->store) < 0)
		store_rollback(g->store);
}
