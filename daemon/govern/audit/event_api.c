// SPDX-License-Identifier: Apache-2.0
/* event_api.c - /v1/events, /v1/gaps */
#include "event_api.h"

#include <fnmatch.h>
#include <string.h>

#include "api/view.h"
#include "event_view.h"
#include "govern/approval/hold_view.h"
#include "gap_table.h"
#include "govern/agent/boot_table.h"
#include "govern/registry/numbers_table.h"
#include "explain.h"
#include "stream.h"

#define QUERY_MS 2000
#define KINDS_DECISIONS (1 << CVF_KIND_VERDICT | 1 << CVF_KIND_HOLD | 1 << CVF_KIND_RESUME)
#define KINDS_ALL (KINDS_DECISIONS | 1 << CVF_KIND_EXEC | 1 << CVF_KIND_EXIT | 1 << CVF_KIND_SESSION)

void event_query_done(struct event_query *q)
{
	free(q->set.capabilities);
	*q = (struct event_query){ 0 };
}

static unsigned int bad_parameter(struct request *q, const char *name, const char *hint)
{
	return refuse(q, 400, "bad-parameter", hint, "the parameter \"%s\" cannot be understood", name);
}

/* "io.fs.*" as the numbers and the operations it stands for. */
static int match_capabilities(struct governor *g, const char *glob, struct event_set *to)
{
	uint32_t last = numbers_table_last(g->numbers, NUMBER_CAPABILITY);
	char name[64];

	to->capabilities = calloc(last + 1, sizeof(*to->capabilities));
	if (!to->capabilities)
		return -ENOMEM;
	for (uint32_t i = 1; i <= last; i++) {
		const char *one = numbers_table_name(g->numbers, NUMBER_CAPABILITY, i);

		if (one && fnmatch(glob, one, 0) == 0)
			to->capabilities[to->count++] = i;
	}
	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		snprintf(name, sizeof(name), "unregistered.%s", op_name((enum cvf_op)op));
		if (fnmatch(glob, name, 0) == 0)
			to->unregistered |= 1ull << op;
	}
	return 0;
}

/* What a route does not take is absent. */
static void read_words(const struct request *q, struct event_filter *f)
{
	const char *verdict = query_text(q, "verdict"), *order = query_text(q, "order"), *kind = query_text(q, "kind");

	f->since_ms = query_time(q, "since");
	f->until_ms = query_time(q, "until");
	f->limit = query_number(q, "limit");
	f->kinds = kind && strcmp(kind, "all") == 0 ? KINDS_ALL : KINDS_DECISIONS;
	f->order = order && strcmp(order, "asc") == 0 ? EVENT_ASC : EVENT_DESC;
	f->verdict = verdict ? verdict_find(verdict) : 0;
}

/* cursor=ID goes on from where a page ended, in the direction of the order. */
static unsigned int read_cursor(struct request *q, struct event_filter *f)
{
	const char *name = request_query(q, "cursor") ? "cursor" : "after", *after = request_query(q, name);
	char id[ULID_SIZE];
	int64_t n = 0;

	if (!after)
		return 0;
	if (!ulid_normalise(after, id) || event_table_position(governor_of(q)->store, id, &n, &f->cursor_ms) < 0 || !n)
		return bad_parameter(q, name, "give the id of an event");
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

int event_query_each(struct governor *g, struct event_query *q, int (*each)(void *ctx, const struct event_row *row), void *ctx,
		     struct event_scan *ret_scan)
{
	q->filter.set = q->has_set ? &q->set : NULL; /* queries are copied */
	return event_table_each(g->store, &q->filter, each, ctx, ret_scan);
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
static int read_page(struct page *page, struct event_query *query, struct event_scan *scan)
{
	int r = event_skip_before(page->g, &query->filter);

	query->filter.by_time = query->filter.since_ms || query->filter.until_ms;
	store_limit_time(page->g->store, QUERY_MS);
	if (r == 0)
		r = event_query_each(page->g, query, add_to_page, page, scan);
	store_limit_time(page->g->store, 0);
	return r;
}

unsigned int event_query_read(struct request *q, struct event_query *ret_query)
{
	struct governor *g = governor_of(q);
	const char *agent = query_text(q, "agent"), *capability = query_text(q, "capability");
	struct event_query one = { 0 };
	unsigned int status;

	read_words(q, &one.filter);
	status = read_cursor(q, &one.filter);
	if (status)
		return status;
	if (agent) {
		one.filter.agent = numbers_table_find(g->numbers, NUMBER_AGENT, agent);
		one.is_empty = !one.filter.agent;
	}
	if (capability && match_capabilities(g, capability, &one.set) < 0)
		return refuse(q, 500, "no-memory", NULL, "out of memory");
	one.has_set = capability;
	one.is_empty |= capability && !one.set.count && !one.set.unregistered; /* no event has ever had such a one */
	*ret_query = one;
	return 0;
}

static unsigned int get_events(struct request *q)
{
	struct page page = { .g = governor_of(q), .list = json_array() };
	struct event_query query;
	struct event_scan scan = { 0 };
	unsigned int status = event_query_read(q, &query);
	json_t *next;
	int r = 0;

	if (status) {
		json_decref(page.list);
		return status;
	}
	page.room = query.filter.limit++; /* one more tells whether there is a next page */
	if (!query.is_empty)
		r = read_page(&page, &query, &scan);
	event_query_done(&query);
	if (r < 0) {
		json_decref(page.list);
		return slow_or_failing(q, r);
	}
	next = json_object_get(json_array_get(page.list, json_array_size(page.list) - 1), "id");
	next = page.has_more ? json_incref(next) : scan.is_cut ? json_string(scan.last_id) : NULL;
	return reply(q, 200, json_pack("{s:o, s:o?}", "events", page.list, "next", next));
}

static unsigned int get_stream(struct request *q)
{
	struct event_query query;
	unsigned int status = event_query_read(q, &query);

	return status ? status : streams_start(q, &query, false);
}

/* What was asked, what was decided: the events of holds, each as its hold. */
static unsigned int get_hold_stream(struct request *q)
{
	struct event_query query;
	unsigned int status = event_query_read(q, &query);

	if (status)
		return status;
	query.filter.kinds = 1 << CVF_KIND_HOLD | 1 << CVF_KIND_RESUME;
	return streams_start(q, &query, true);
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

/* Where a page ended. An event that was pruned since left its place. */
static int find_place(struct store *s, const char *id, int64_t *ret_n)
{
	int64_t ms;
	int r = event_table_position(s, id, ret_n, &ms);

	if (r < 0 || *ret_n)
		return r;
	r = event_table_before(s, id, ret_n);
	*ret_n += 1;
	return r;
}

json_t *event_refusals(struct governor *g, uint32_t agent, const char *before, int64_t limit, char ret_more[ULID_SIZE])
{
	struct page page = { .g = g, .list = json_array() };
	struct event_scan scan;
	struct event_filter f = { .agent = agent, .verdict = CVF_VERDICT_DENY, .kinds = KINDS_DECISIONS, .limit = limit,
				  .order = EVENT_DESC };
	int r = before ? find_place(g->store, before, &f.before_n) : 0;

	*ret_more = 0;
	if (r == 0)
		r = event_table_each(g->store, &f, add_refusal, &page, &scan);
	if (r == 0 && scan.is_cut)
		memcpy(ret_more, scan.last_id, ULID_SIZE);
	if (r < 0) {
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
	const char *name = request_query(q, "cursor") ? "cursor" : "after", *after = request_query(q, name), *next = NULL;
	struct page page = { .g = governor_of(q), .list = NULL };
	int64_t limit = query_number(q, "limit");
	char id[ULID_SIZE];
	int r;

	if (after && (!ulid_normalise(after, id) || strlen(id) != ULID_SIZE - 1))
		return bad_parameter(q, name, "give the id of a gap");
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

#define FILTERS M(TIME, "since"), M(TIME, "until"), M(TEXT, "agent"), M(TEXT, "capability", .about = "a glob"), \
	M(WORD, "verdict", .words = "allow|deny|hold"), \
	M(WORD, "kind", .words = "decisions|all", .preset = "decisions", .about = "decisions: verdicts, holds and their ends; all: programs, exits and sessions too"), \
	M(WORD, "order", .words = "desc|asc", .preset = "desc"), M(TEXT, "after", .max = 64, .about = "older name of `cursor`")
static const struct shape events_query = SHAPE(NULL, FILTERS, PAGE_OF(1000, "50"),);
static const struct shape events_shape = SHAPE(NULL, M(OBJECT, "events", .flags = MANY, .of = &event_shape), NEXT_PAGE,);
static const struct shape hold_stream_query = SHAPE(NULL, M(TIME, "since"), M(TEXT, "agent"), M(TEXT, "capability", .about = "a glob"), PAGE_OF(1000, "50"),);
static const struct shape gaps_query = SHAPE(NULL, PAGE_OF(1000, "1000"), M(TEXT, "after", .max = 64, .about = "older name of `cursor`"),);
static const struct shape gaps_shape = SHAPE(NULL, NEXT_PAGE, M(OBJECT, "gaps", .flags = MANY, .about = "newest first", .of =
	OF(M(TEXT, "id"), M(ANY, "boot"), M(NUMBER, "cpu"), M(WORD, "ring", .words = "verdict|event"), M(NUMBER, "first"),
	   M(NUMBER, "last"), M(NUMBER, "missing"), M(TIME, "found_at"),)),);
static const struct shape explained_shape = SHAPE(NULL, M(OBJECT, "event", .of = &event_shape), M(TEXT, "reason_text"),
	M(TEXT, "rule_text", .flags = OR_NULL), M(NUMBER, "generation"),
	M(ANY, "trace", .about = "made with the declarations of that generation; null when they or the whole operation are not known any more"),
	M(OBJECT, "then", .flags = OR_NULL, .of = &answer_shape), M(OBJECT, "now", .flags = OR_NULL, .of = &answer_shape),);

static const struct route table[] = {
	{ "GET", "/v1/events", ROLE_VIEWER, 0, get_events, "The audit trail, by page",
	  "A request looks at 20,000 events at most. A page may so have fewer than `limit`, or none, while `next` says where to go on;\n"
	  "it is the last page when `next` is null.", .query = &events_query, .answer = &events_shape },
	{ "GET", "/v1/events/stream", ROLE_VIEWER, 0, get_stream, "The audit trail as it grows: Server-Sent Events",
	  "Each event has its id; a reader that comes back with `Last-Event-ID` (or `cursor=ID`) misses nothing. Without either it starts\n"
	  "with what happens next.\n\n"
	  "With `Upgrade: websocket` (RFC 6455) the same comes as messages, one event each; the server pings, and a message from the\n"
	  "client ends it. A browser that cannot set headers resumes with `cursor`.", .query = &events_query, .answer = &event_shape, .type = "text/event-stream" },
	{ "GET", "/v1/approvals/stream", ROLE_VIEWER, 0, get_hold_stream, "Holds as they come and are decided: Server-Sent Events",
	  "Each time with the hold as it is then, under the id of the event in the trail, without `offers`: those are for who looks at it.\n"
	  "Resumable like `/v1/events/stream`.",
	  .query = &hold_stream_query, .answer = &hold_shape, .type = "text/event-stream" },
	{ "GET", "/v1/events/{id}", ROLE_VIEWER, 0, get_event, "One event", .answer = &event_shape },
	{ "GET", "/v1/events/{id}/explain", ROLE_VIEWER, 0, explain_event, "Which rule and which generation decided, and what was compared",
	  .answer = &explained_shape },
	{ "GET", "/v1/gaps", ROLE_VIEWER, 0, get_gaps, "Records that the kernel numbered and that never arrived", .query = &gaps_query,
	  .answer = &gaps_shape },
};

const struct routes event_routes = { table, ARRAY_SIZE(table), "Audit trail" };
