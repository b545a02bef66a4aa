// SPDX-License-Identifier: Apache-2.0
/* counter_api.c - /v1/counters */
#include <string.h>

#include "api/route.h"
#include "api/view.h"
#include "counter.h"
#include "counter_table.h"
#include "govern/audit/event_view.h"
#include "govern/registry/numbers_table.h"

struct listing {
	struct governor *g;
	json_t *list;
};

static void add(void *ctx, const struct counter_row *row)
{
	struct listing *l = ctx;
	struct cvf_record r = { .capability = row->capability, .op = row->op };
	char room[64];
	json_t *one = json_object();

	view_set(one, "id", json_sprintf("%u.%u.%u.%u", row->agent, row->capability, row->op, row->verdict));
	view_set(one, "agent", view_text(numbers_table_name(l->g->numbers, NUMBER_AGENT, row->agent)));
	view_set(one, "capability", view_text(record_capability(l->g, &r, room, sizeof(room))));
	view_set(one, "operation", view_text(op_name((enum cvf_op)row->op)));
	view_set(one, "verdict", view_text(verdict_word(counter_ran(row->verdict) ? CVF_VERDICT_ALLOW : row->verdict)));
	view_set(one, "would", row->verdict & COUNTER_WOULD ? view_text(verdict_word(row->verdict & ~COUNTER_WOULD)) : json_null());
	view_set(one, "count", json_integer((json_int_t)row->count));
	json_array_append_new(l->list, one);
}

/* An id, as add() writes it. */
static bool read_cursor(const char *text, struct counter_row *to)
{
	unsigned int op, verdict;
	int end = 0;

	if (text[strspn(text, "0123456789.")] ||
	    sscanf(text, "%9u.%9u.%9u.%9u%n", &to->agent, &to->capability, &op, &verdict, &end) != 4 || text[end] || op > UINT16_MAX ||
	    verdict > UINT8_MAX)
		return false;
	to->op = (uint16_t)op;
	to->verdict = (uint8_t)verdict;
	return true;
}

static unsigned int get_counters(struct request *q)
{
	struct listing l = { .g = governor_of(q), .list = json_array() };
	const char *agent = query_text(q, "agent");
	const char *cursor = query_text(q, "cursor");
	struct counter_filter f = { .agent = agent ? numbers_table_find(l.g->numbers, NUMBER_AGENT, agent) : 0,
				    .limit = query_number(q, "limit") };
	int r = 0;

	f.limit += f.limit > 0;
	if (cursor && !read_cursor(cursor, &f.after)) {
		json_decref(l.list);
		return refuse(q, 400, "bad-parameter", "begin again without it", "the parameter \"cursor\" cannot be understood");
	}
	if (counter_collect(l.g) < 0 && link_is_closed(l.g->link))
		r = 0; /* what the store has is at most seconds old */
	if (!agent || f.agent)
		r = counter_table_each(l.g->store, &f, add, &l);
	if (r < 0) {
		json_decref(l.list);
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-r));
	}
	return reply_page(q, "counters", l.list);
}

static const struct shape agent_query = SHAPE(NULL, M(TEXT, "agent"), PAGE_OF(1000, NULL),);
static const struct shape counters_shape = SHAPE(NULL, M(OBJECT, "counters", .flags = MANY, .of = OF(M(TEXT, "id"),
	M(TEXT, "agent", .flags = OR_NULL), M(TEXT, "capability", .flags = OR_NULL), M(TEXT, "operation", .flags = OR_NULL), M(TEXT, "verdict", .flags = OR_NULL),
	M(TEXT, "would", .flags = OR_NULL), M(NUMBER, "count"),)), NEXT_PAGE,);

static const struct route table[] = {
	{ "GET", "/v1/counters", ROLE_VIEWER, 0, get_counters, "How often each operation of each agent was allowed, denied and held",
	  "Totals of everything the kernel judged, over all generations and restarts; permissions that leave no event are counted too.\n"
	  "What an agent in mode `observe` or `learn` was not refused counts as `allow`, and `would` is what would have been: `hold`,\n"
	  "`deny` or null. `agent` is null where more agents that share a row did different things than there are counters for.",
	  .query = &agent_query, .answer = &counters_shape },
};

const struct routes counter_routes = { table, ARRAY_SIZE(table), "Counters" };
