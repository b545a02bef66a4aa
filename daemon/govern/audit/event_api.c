// SPDX-License-Identifier: Apache-2.0
/* event_api.c - /v1/events, /v1/gaps */
#include "event_api.h"

#include <fnmatch.h>
#include <string.h>

#include "api/view.h"
#include "event_view.h"
#include "gap_table.h"
#include "govern/agent/boot_table.h"
#include "govern/registry/numbers_table.h"
#include "explain.h"
#include "stream.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000
#define QUERY_MS 2000
#define KINDS_DECISIONS (1 << CVF_KIND_VERDICT | 1 << CVF_KIND_HOLD | 1 << CVF_KIND_RESUME)
#define KINDS_ALL (KINDS_DECISIONS | 1 << CVF_KIND_EXEC | 1 << CVF_KIND_EXIT | 1 << CVF_KIND_SESSION)

void event_query_done(struct event_query *q)
{
	free(q->capabilities);
	free(q->ops);
	*q = (struct event_query){ 0 };
}

static unsigned int bad_parameter(struct request *q, const char *name, const char *hint)
{
	return refuse(q, 400, "bad-parameter", hint, "the parameter \"%s\" cannot be understood", name);
}

/* "io.fs.*" as the numbers and the operations it stands for. */
static int match_capabilities(struct governor *g, const char *glob, struct event_query *to)
{
	json_t *numbers = json_array(), *ops = json_array();
	char name[64];

	for (uint32_t i = 1; i <= numbers_table_last(g->numbers, NUMBER_CAPABILITY); i++) {
		const char *one = numbers_table_name(g->numbers, NUMBER_CAPABILITY, i);

		if (one && fnmatch(glob, one, 0) == 0)
			json_array_append_new(numbers, json_integer(i));
	}
	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		snprintf(name, sizeof(name), "unregistered.%s", op_name((enum cvf_op)op));
		if (fnmatch(glob, name, 0) == 0)
			json_array_append_new(ops, json_integer(op));
	}
	to->capabilities = json_dumps(numbers, JSON_COMPACT);
	to->ops = json_dumps(ops, JSON_COMPACT);
	json_decref(numbers);
	json_decref(ops);
	to->filter.capabilities = to->capabilities;
	to->filter.unregistered_ops = to->ops;
	return to->capabilities && to->ops ? 0 : -ENOMEM;
}

static unsigned int read_times(struct request *q, struct event_filter *f)
{
	const char *since = request_query(q, "since"), *until = request_query(q, "until");
	static const char hint[] = "write a time like 2025-01-31T12:00:00Z, or how long ago: 90s, 15m, 2h, 7d";

	if (since && moment_parse(since, clock_utc_ms(), &f->since_ms) < 0)
		return bad_parameter(q, "since", hint);
	if (until && moment_parse(until, clock_utc_ms(), &f->until_ms) < 0)
		return bad_parameter(q, "until", hint);
	return 0;
}

static unsigned int read_words(struct request *q, struct event_filter *f)
{
	const char *verdict = request_query(q, "verdict"), *order = request_query(q, "order");
	const char *kind = request_query(q, "kind"), *limit = request_query(q, "limit");

	f->limit = LIMIT_DEFAULT;
	f->kinds = KINDS_DECISIONS;
	f->order = order && strcmp(order, "asc") == 0 ? EVENT_ASC : EVENT_DESC;
	if (order && strcmp(order, "asc") != 0 && strcmp(order, "desc") != 0)
		return bad_parameter(q, "order", "write asc or desc");
	if (kind && strcmp(kind, "all") == 0)
		f->kinds = KINDS_ALL;
	else if (kind && strcmp(kind, "decisions") != 0)
		return bad_parameter(q, "kind", "write all or decisions");
	if (verdict && !(f->verdict = verdict_find(verdict)))
		return bad_parameter(q, "verdict", "write allow, deny or hold");
	if (limit && number_parse(limit, 1, LIMIT_MAX, &f->limit) < 0)
		return bad_parameter(q, "limit", "write a number from 1 to 1000");
	return 0;
}

/* after=ID goes on from where a page ended, in the direction of the order. */
static unsigned int read_cursor(struct request *q, struct event_filter *f)
{
	const char *after = request_query(q, "after");
	char id[ULID_SIZE];
	int64_t n = 0;

	if (!after)
		return 0;
	if (!ulid_normalise(after, id) || event_table_position(governor_of(q)->store, id, &n, &f->cursor_ms) < 0 || !n)
		return bad_parameter(q, "after", "give the id of an event");
	*(f->order == EVENT_ASC ? &f->after_n : &f->before_n) = n;
	return 0;
}

/*
 * An event is stored after it happened, and ids grow with the time of storing: what happened since a moment lies behind the
 * last id of that moment. So walks by position need not begin at the beginning.
 */
int event_skip_before(struct governor *g, struct event_filter *f)
{
	char id[ULID_SIZE];
	int64_t n;
	int r;

	if (!f->since_ms)
		return 0;
	ulid_of_time((uint64_t)f->since_ms, id);
	r = event_table_before(g->store, id, &n);
	if (r == 0 && n > f->after_n)
		f->after_n = n;
	return r;
}

struct page {
	struct governor *g;
	json_t *list;
	int64_t room;
	bool has_more;
};

static int add_to_page(void *ctx, const struct event_row *row)
{
	struct page *p = ctx;

	if (p->room-- == 0) {
		p->has_more = true;
		return 1;
	}
	json_array_append_new(p->list, event_view(p->g, row));
	return 0;
}

static unsigned int slow_or_failing(struct request *q, int error)
{
	if (error == -EINTR)
		return refuse(q, 503, "too-slow", "narrow it down: a shorter period, an agent, a verdict",
			      "the question takes longer than %d s to answer", QUERY_MS / 1000);
	return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-error));
}

/* Within its time: the loop has other things to do. */
static int read_page(struct page *page, struct event_query *query)
{
	int r = event_skip_before(page->g, &query->filter);

	query->filter.by_time = query->filter.since_ms || query->filter.until_ms;
	store_limit_time(page->g->store, QUERY_MS);
	if (r == 0)
		r = event_table_each(page->g->store, &query->filter, add_to_page, page);
	store_limit_time(page->g->store, 0);
	return r;
}

unsigned int event_query_read(struct request *q, struct event_query *ret_query)
{
	struct governor *g = governor_of(q);
	const char *agent = request_query(q, "agent"), *capability = request_query(q, "capability");
	struct event_query one = { 0 };
	unsigned int status = read_times(q, &one.filter);

	if (!status)
		status = read_words(q, &one.filter);
	if (!status)
		status = read_cursor(q, &one.filter);
	if (status)
		return status;
	if (agent) {
		one.filter.agent = numbers_table_find(g->numbers, NUMBER_AGENT, agent);
		one.is_empty = !one.filter.agent;
	}
	if (capability && match_capabilities(g, capability, &one) < 0) {
		event_query_done(&one);
		return refuse(q, 500, "no-memory", NULL, "out of memory");
	}
	*ret_query = one;
	return 0;
}

static unsigned int get_events(struct request *q)
{
	struct page page = { .g = governor_of(q), .list = json_array() };
	struct event_query query;
	unsigned int status = event_query_read(q, &query);
	json_t *next;
	int r = 0;

	if (status) {
		json_decref(page.list);
		return status;
	}
	page.room = query.filter.limit++; /* one more tells whether there is a next page */
	if (!query.is_empty)
		r = read_page(&page, &query);
	event_query_done(&query);
	if (r < 0) {
		json_decref(page.list);
		return slow_or_failing(q, r);
	}
	next = json_object_get(json_array_get(page.list, json_array_size(page.list) - 1), "id");
	return reply(q, 200, json_pack("{s:o, s:O?}", "events", page.list, "next", page.has_more ? next : NULL));
}

static unsigned int get_stream(struct request *q)
{
	struct event_query query;
	unsigned int status = event_query_read(q, &query);

	return status ? status : streams_start(q, &query);
}

static int use_one(void *ctx, const struct event_row *row)
{
	struct page *p = ctx;

	p->list = event_view(p->g, row);
	return 0;
}

static unsigned int get_event(struct request *q)
{
	struct page page = { .g = governor_of(q) };
	char id[ULID_SIZE];
	int r;

	r = ulid_normalise(q->params[0], id) ? event_table_find(page.g->store, id, use_one, &page) : 0;
	if (r < 0)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-r));
	if (!r)
		return refuse(q, 404, "not-found", NULL, "there is no event %s", q->params[0]);
	return reply(q, 200, page.list);
}

static int add_refusal(void *ctx, const struct event_row *row)
{
	struct page *p = ctx;
	json_t *one = event_view(p->g, row);

	explain_words(p->g, row->record, one);
	json_array_append_new(p->list, one);
	return 0;
}

json_t *event_refusals(struct governor *g, uint32_t agent, int64_t limit)
{
	struct page page = { .g = g, .list = json_array() };
	struct event_filter f = { .agent = agent, .verdict = CVF_VERDICT_DENY, .kinds = KINDS_DECISIONS, .limit = limit,
				  .order = EVENT_DESC };

	if (event_table_each(g->store, &f, add_refusal, &page) < 0) {
		json_decref(page.list);
		return NULL;
	}
	return page.list;
}

static void add_gap(void *ctx, const struct gap_row *row)
{
	static const char *const rings[] = { "verdict", "event" };
	struct page *p = ctx;
	char boot_id[BOOT_ID_SIZE] = "";
	json_t *one = json_object();

	if (row->boot == p->g->boot)
		strcpy(boot_id, p->g->boot_id);
	view_set(one, "id", json_string(row->id));
	view_set(one, "boot", *boot_id ? json_string(boot_id) : json_integer(row->boot));
	view_set(one, "cpu", json_integer(row->cpu));
	view_set(one, "ring", json_string(rings[row->ring & 1]));
	view_set(one, "first", json_integer((json_int_t)row->first));
	view_set(one, "last", json_integer((json_int_t)row->last));
	view_set(one, "missing", json_integer((json_int_t)row->missing));
	view_set(one, "found_at", view_time(row->found_ms));
	json_array_append_new(p->list, one);
}

/* Boot ids are looked up after the walk: the walk's statement must not be disturbed by another of the same table. */
static void name_boots(struct governor *g, json_t *gaps)
{
	json_t *one;
	size_t i;

	json_array_foreach(gaps, i, one) {
		json_t *boot = json_object_get(one, "boot");
		char id[BOOT_ID_SIZE];

		if (json_is_integer(boot) && boot_table_id(g->store, json_integer_value(boot), id) == 0)
			view_set(one, "boot", json_string(id));
	}
}

static unsigned int get_gaps(struct request *q)
{
	const char *limit_text = request_query(q, "limit"), *after = request_query(q, "after"), *next = NULL;
	struct page page = { .g = governor_of(q), .list = NULL };
	int64_t limit = LIMIT_MAX;
	char id[ULID_SIZE];
	int r;

	if (limit_text && number_parse(limit_text, 1, LIMIT_MAX, &limit) < 0)
		return refuse(q, 400, "bad-parameter", "write a number from 1 to 1000", "the parameter \"limit\" cannot be understood");
	if (after && (!ulid_normalise(after, id) || strlen(id) != ULID_SIZE - 1))
		return refuse(q, 400, "bad-parameter", "write the id of a gap", "the parameter \"after\" cannot be understood");
	page.list = json_array();
	r = gap_table_each(page.g->store, after ? id : NULL, limit + 1, add_gap, &page);
	if (r < 0) {
		json_decref(page.list);
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-r));
	}
	if (json_array_size(page.list) > (size_t)limit) {
		json_array_remove(page.list, (size_t)limit);
		next = json_string_value(json_object_get(json_array_get(page.list, (size_t)limit - 1), "id"));
	}
	name_boots(page.g, page.list);
	return reply(q, 200, json_pack("{s:s?, s:o}", "next", next, "gaps", page.list));
}

static const char filters[] =
	"Parameters: `since`, `until` (RFC 3339, or how long ago: `90s`, `15m`, `2h`, `7d`), `agent`, `capability` (glob),\n"
	"`verdict` (`allow`, `deny`, `hold`), `kind` (`decisions`, the default: verdicts, holds and their ends; `all`: programs,\n"
	"exits and sessions too), `limit` (1 to 1000, default 50), `order` (`desc`, the default, or `asc`), `after` (id of an\n"
	"event: go on from there).\n\n"
	"Answer: `{\"events\": [...], \"next\": ID}`; `next` is null on the last page, else the value for `after`.\n\n"
	"`verdict` is what the kernel did. For an agent that is only observed it is `allow`, and `would` says what it would have\n"
	"been. `argv` holds the arguments of the operation for `exec`, else those of the acting program.";

static const struct route table[] = {
	{ "GET", "/v1/events", ROLE_VIEWER, 0, get_events, "The audit trail, by page", filters },
	{ "GET", "/v1/events/stream", ROLE_VIEWER, 0, get_stream, "The audit trail as it grows: Server-Sent Events",
	  "Parameters: the filters of `/v1/events`. Each event has its id; a reader that comes back with `Last-Event-ID` (or\n"
	  "`after=ID`) misses nothing. Without either it starts with what happens next." },
	{ "GET", "/v1/events/{id}", ROLE_VIEWER, 0, get_event, "One event", NULL },
	{ "GET", "/v1/events/{id}/explain", ROLE_VIEWER, 0, explain_event, "Which rule and which generation decided, and what was compared",
	  "Answer: `{\"event\", \"reason_text\", \"rule_text\", \"generation\", \"trace\", \"now\"}`. `trace` is made with the\n"
	  "declarations of that generation; null when they or the whole operation are not known any more." },
	{ "GET", "/v1/gaps", ROLE_VIEWER, 0, get_gaps, "Records that the kernel numbered and that never arrived",
	  "Parameters: `limit` (1 to 1000, default 1000), `after` (id of a gap: go on from there).\n\n"
	  "Answer: `{\"gaps\": [...], \"next\": ID}`, newest first; `next` is null on the last page, else the value for `after`." },
};

const struct routes event_routes = { table, ARRAY_SIZE(table), "Audit trail" };
