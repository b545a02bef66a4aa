// SPDX-License-Identifier: Apache-2.0
/*
 * verb_events.c - what agents did: the newest, those since a moment, and those still to come
 */
#include "ask.h"
#include "follow.h"
#include "out.h"
#include "routes.h"
#include "text.h"
#include "verbs.h"
#include "when.h"

#include <string.h>

#define EVENTS_SHOWN 50		/* without --since and --limit */
#define PAGE 500			/* events asked for at once */
#define OPERATION_WIDTH 200

static void put_operation(FILE *out, const json_t *row)
{
	text_operation(out, row, OPERATION_WIDTH);
}

/* Of an agent that is observed or learns: what it would have been, too. */
static void put_verdict(FILE *out, const json_t *row)
{
	const json_t *verdict = out_field(row, "verdict"), *would = out_field(row, "would");

	out_value(out, verdict);
	if (!json_is_string(would) || !json_is_string(verdict) || json_equal(would, verdict))
		return;
	fputs(", would ", out);
	out_value(out, would);
}

static const struct column columns[] = {
	{ "TIME", "time", NULL },     { "EVENT", "id", NULL },
	{ "AGENT", "agent", NULL },   { "VERDICT", NULL, put_verdict },
	{ "RISK", "risk", NULL },     { "CAPABILITY", "capability", NULL },
	{ "REASON", "reason", NULL }, { "OPERATION", NULL, put_operation },
};

static struct url page_url(const struct call *c, const char *since, const char *order, const char *limit,
			   const char *after)
{
	return to_get_v1_events(&(struct get_v1_events){
		.since = since,
		.agent = c->option[OPT_AGENT],
		.capability = c->option[OPT_CAPABILITY],
		.verdict = c->option[OPT_VERDICT],
		.order = order,
		.limit = limit,
		.after = after,
	});
}

static int page(const struct call *c, const char *since, const char *order, const char *limit,
		const char *after, json_t **ret)
{
	own_url struct url u = page_url(c, since, order, limit, after);

	return ask(c, &(struct ask){ { .to = &u }, "list the events", false }, ret);
}

static int put_events(const struct call *c, const json_t *events)
{
	const json_t *one;
	size_t i;

	if (!call_has(c, OPT_JSON))
		return out_table(stdout, events, columns, ARRAY_SIZE(columns), "No events.") < 0
			       ? say_no_memory()
			       : DONE;
	json_array_foreach(events, i, one)
		out_json(stdout, one);
	return DONE;
}

/* Where the next page begins, if there is one; an empty page need not be the last, but one that leads to itself is. */
static bool go_on(char **after, const json_t *reply)
{
	const char *next = out_text(reply, "next", "");

	if (!*next || (*after && strcmp(*after, next) == 0))
		return false;
	free(*after);
	*after = strdup(next);
	return *after;
}

/* The newest: asked for from the newest on, shown in the order they happened. *ret_last: id to go on from. */
static int newest(const struct call *c, const char *since, long most, char **ret_last)
{
	own_json json_t *all = json_array();
	own_free char *after = NULL;

	for (;;) {
		own_json json_t *reply = NULL;
		const json_t *events;
		json_t *one;
		char limit[24];
		long left;
		size_t i;
		int r;

		left = most - (long)json_array_size(all);
		snprintf(limit, sizeof(limit), "%ld", left < PAGE ? left : PAGE);
		r = page(c, since, "desc", limit, after, &reply);
		if (r != DONE)
			return r;
		events = out_field(reply, "events");
		json_array_foreach(events, i, one)
			if ((long)json_array_size(all) < most)
				json_array_insert(all, 0, one);
		if (!go_on(&after, reply) || (long)json_array_size(all) >= most)
			break;
	}
	if (ret_last && json_array_size(all) > 0)
		*ret_last = strdup(out_text(json_array_get(all, json_array_size(all) - 1), "id", ""));
	return put_events(c, all);
}

/* All since a moment, page by page as they happened; a table is made per page, its columns may differ. */
static int since_then(const struct call *c, const char *since, char **ret_last)
{
	own_free char *after = NULL;
	char limit[24];
	bool first = true;

	snprintf(limit, sizeof(limit), "%d", PAGE);

	for (;;) {
		own_json json_t *reply = NULL;
		const json_t *events;
		size_t n;
		int r = page(c, since, "asc", limit, after, &reply);

		if (r != DONE)
			return r;
		events = out_field(reply, "events");
		n = json_array_size(events);
		if (n > 0 || (first && !ret_last))
			r = put_events(c, events);
		first = false;
		if (r != DONE)
			return r;
		if (n > 0 && ret_last) {
			free(*ret_last);
			*ret_last = strdup(out_text(json_array_get(events, n - 1), "id", ""));
		}
		if (!go_on(&after, reply))
			return DONE;
	}
}

static int since_option(const struct call *c, char text[static WHEN_MAX])
{
	time_t since;

	if (when_moment(c->option[OPT_SINCE], time(NULL), &since) < 0)
		return say_fail(USAGE, "write 10m (ago), 2h, 1d, 2025-01-31 or 2025-01-31T08:00:00Z",
				"--since: '%s' is no moment", c->option[OPT_SINCE]);
	when_print(since, text);
	return DONE;
}

int verb_events(const struct call *c)
{
	char since[WHEN_MAX];
	own_free char *last = NULL;
	bool follows = call_has(c, OPT_FOLLOW);
	long limit;
	int r = call_number(c, OPT_LIMIT, 1000000, &limit);

	if (r < 0)
		return -r;
	if (call_has(c, OPT_SINCE))
		r = since_option(c, since);
	if (r != DONE)
		return r;
	if (limit || (!follows && !call_has(c, OPT_SINCE)))
		r = newest(c, call_has(c, OPT_SINCE) ? since : NULL, limit ? limit : EVENTS_SHOWN,
			   follows ? &last : NULL);
	else if (call_has(c, OPT_SINCE))
		r = since_then(c, since, follows ? &last : NULL);
	return r == DONE && follows ? follow(c, last) : r;
}
