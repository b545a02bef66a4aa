// SPDX-License-Identifier: Apache-2.0
/*
 * offer.c - see offer.h
 *
 * A pattern is made of what asks now and of the agent's last questions for the same capability: the folder of the object, or
 * the deepest one that they have in common; for a program the arguments that were the same each time.
 */
#include "offer.h"

#include <string.h>

#include "govern/audit/event_view.h"
#include "json/pool.h"
#include "policy/pattern.h"
#include "quorum.h"

#define EARLIER_MAX 50
#define ARGS_MAX 32		/* of a program for which a pattern is offered */
#define COMMON_DEPTH_MIN 2	/* folders from the root: "below /home" is nobody's wish */

struct offers {
	struct governor *g;
	struct pool *pool;
	const struct query *asked;
	struct question earlier[EARLIER_MAX];
	size_t earlier_count;
	const char *scope;	/* of grants with a pattern */
	json_t *list;
};

static int keep(void *ctx, const struct hold *h)
{
	struct offers *o = ctx;

	if (question_of_record(o->g, h->record, time(NULL), &o->earlier[o->earlier_count]) == 0)
		o->earlier_count += o->earlier[o->earlier_count].query.op == o->asked->op ? 1 : 0;
	return o->earlier_count == EARLIER_MAX;
}

static const char *quoted(struct offers *o, const char *text, const char *more)
{
	own_free char *plain = pattern_quote(text);

	return plain ? pool_printf(o->pool, "%s%s", plain, more) : NULL;
}

/* "/a/b" of "/a/b/c"; empty: it is in the root. */
static char *folder_of(struct offers *o, const char *path)
{
	char *folder = pool_text(o->pool, path);

	if (folder)
		*strrchr(folder, '/') = '\0';
	return folder;
}

/* Shortens folder until the path lies below it. */
static void narrow_to_common(char *folder, const char *path)
{
	while (*folder && (strncmp(path, folder, strlen(folder)) != 0 || path[strlen(folder)] != '/'))
		*strrchr(folder, '/') = '\0';
}

static size_t depth_of(const char *folder)
{
	size_t n = 0;

	for (; *folder; folder++)
		n += *folder == '/';
	return n;
}

static bool is_place(const char *path)
{
	return path && path[0] == '/' && path[1] != '/' && path[1];
}

/* What it would have answered of the agent's last questions, and one of them for an example. */
static size_t count_earlier(const struct offers *o, const struct pattern *p, const struct query **ret_example)
{
	size_t n = 0;

	for (size_t i = 0; i < o->earlier_count; i++) {
		const struct query *one = &o->earlier[i].query;

		if (!pattern_covers(p, one))
			continue;
		n++;
		if (!*ret_example && strcmp(one->object, o->asked->object) != 0)
			*ret_example = one;
	}
	return n;
}

static json_t *view_example(const struct offers *o, const struct query *example)
{
	const char *object = example ? example->object : o->asked->object, *slash = strrchr(object, '/');
	const char *dot = slash ? strrchr(slash, '.') : NULL;

	if (o->asked->op == CVF_OP_EXEC)
		return json_null();
	if (example)
		return json_sprintf("%s %s", op_name(example->op), object);
	return json_sprintf("%s %.*sanother%s", op_name(o->asked->op), (int)(slash + 1 - object), object,
			    dot && dot > slash + 1 ? dot : "");
}

/* least: how many of the last questions it must have answered to be worth offering. Returns how many it would have. */
static size_t offer_pattern(struct offers *o, const char *text, size_t least)
{
	own(pattern) struct pattern *p = NULL;
	const struct query *example = NULL;
	struct diags d = { 0 };
	size_t earlier = 0;

	if (text && pattern_make(o->asked, text, &p, &d) == 0 && pattern_covers(p, o->asked))
		earlier = count_earlier(o, p, &example);
	diags_done(&d);
	if (!p || earlier < least)
		return 0;
	json_array_append_new(o->list, json_pack("{s:s, s:o, s:o, s:o, s:I, s:I}", "scope", o->scope, "pattern", view_text(text),
						 "covers", json_sprintf("%s %s", op_name(o->asked->op), text), "example",
						 view_example(o, example), "earlier", (json_int_t)earlier, "earlier_of",
						 (json_int_t)o->earlier_count));
	return earlier;
}

static void offer_files(struct offers *o)
{
	char *folder, *common;
	size_t narrow;

	if (!is_place(o->asked->object) || (o->asked->object2 && !is_place(o->asked->object2)))
		return;
	folder = folder_of(o, o->asked->object);
	if (!folder)
		return;
	if (o->asked->object2)
		narrow_to_common(folder, o->asked->object2);
	common = pool_text(o->pool, folder);
	for (size_t i = 0; common && i < o->earlier_count; i++)
		narrow_to_common(common, o->earlier[i].query.object);
	if (!*folder || !common)
		return;
	narrow = offer_pattern(o, quoted(o, folder, "/*"), 0);
	if (depth_of(common) >= COMMON_DEPTH_MIN)
		offer_pattern(o, quoted(o, common, "/**"), narrow + 2); /* worth it only if it is more than the folder */
}

static bool differs(const struct offers *o, size_t arg)
{
	for (size_t i = 0; i < o->earlier_count; i++) {
		const struct query *one = &o->earlier[i].query;

		if (strcmp(one->object, o->asked->object) == 0 && one->args_count == o->asked->args_count &&
		    strcmp(one->args[arg], o->asked->args[arg]) != 0)
			return true;
	}
	return false;
}

/* Arguments that were not the same each time, else the last one. Options stay what they are: "--force" is no example of "*". */
static void offer_programs(struct offers *o)
{
	const struct query *q = o->asked;
	const char *text = quoted(o, q->object, "");
	bool open[ARGS_MAX] = { false };
	size_t last = ARGS_MAX, count = 0;

	if (!q->args_count || q->args_count > ARGS_MAX)
		return;
	for (size_t i = 0; i < q->args_count; i++) {
		if (*q->args[i] == '-')
			continue;
		last = i;
		open[i] = differs(o, i);
		count += open[i];
	}
	if (last == ARGS_MAX)
		return;
	open[last] |= !count;
	for (size_t i = 0; text && i < q->args_count; i++) {
		const char *one = open[i] ? "*" : quoted(o, q->args[i], "");

		text = one ? pool_printf(o->pool, "%s %s", text, one) : NULL;
	}
	for (size_t i = 0; i < q->args_count; i++)
		if (!open[i] && (!*q->args[i] || strpbrk(q->args[i], " \t\n")))
			return; /* cannot be written as a word */
	offer_pattern(o, text, 0);
}

static void offer_plain(struct offers *o, const char *scope, const char *covers)
{
	json_array_append_new(o->list, json_pack("{s:s, s:n, s:s, s:n, s:n, s:n}", "scope", scope, "pattern", "covers", covers,
						 "example", "earlier", "earlier_of"));
}

static void offer_patterns(struct offers *o, const struct hold *h)
{
	struct question q;

	if (question_of_record(o->g, h->record, time(NULL), &q) < 0)
		return;
	o->asked = &q.query;
	o->pool = pool_new();
	if (o->pool && hold_table_each_like(o->g->store, h, EARLIER_MAX, keep, o) == 0) {
		if (q.query.op == CVF_OP_EXEC)
			offer_programs(o);
		else
			offer_files(o);
	}
	for (size_t i = 0; i < o->earlier_count; i++)
		question_done(&o->earlier[i]);
	pool_free(o->pool);
	question_done(&q);
}

json_t *offers_view(struct governor *g, const struct hold *listed)
{
	static struct cvf_record record;
	struct offers o = { .g = g, .list = json_array() };
	unsigned int allowed = g->settings.grant_scopes;
	struct hold h = *listed;
	struct quorum quorum;

	memcpy(&record, listed->record, listed->record->size); /* the walk below reads others into its place */
	h.record = &record;
	o.scope = allowed & GRANT_SCOPE_SESSION ? "session" : "agent";
	offer_plain(&o, "once", "this operation, now");
	quorum_of_hold(g, &h, &quorum);
	if (approval_leaves_no_grant(&h) || !quorum_is_plain(&quorum))
		return o.list;
	if (allowed & GRANT_SCOPE_SESSION && h.grant_session)
		offer_plain(&o, "session", "the same operation again, until the session ends");
	if (allowed & GRANT_SCOPE_PATTERN && allowed & (GRANT_SCOPE_SESSION | GRANT_SCOPE_AGENT) && h.grant_agent)
		offer_patterns(&o, &h);
	if (allowed & GRANT_SCOPE_AGENT && h.grant_agent)
		offer_plain(&o, "agent", "the same operation again, in every session of the agent");
	return o.list;
}
