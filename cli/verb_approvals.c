// SPDX-License-Identifier: Apache-2.0
/*
 * verb_approvals.c - what waits for an answer: the list, the list as it changes, and the answers
 */
#include "ask.h"
#include "card.h"
#include "escape.h"
#include "out.h"
#include "routes.h"
#include "text.h"
#include "verbs.h"

#include <string.h>
#include <time.h>

#define OPERATION_WIDTH 160	/* in the list; the card shows all of it */
#define WATCH_INTERVAL_S 1

static void put_operation(FILE *out, const json_t *row)
{
	bool is_pending = strcmp(out_text(row, "state", "pending"), "pending") == 0;

	if (is_pending && text_quorum(out, row))
		fputs(": ", out);
	text_operation(out, row, OPERATION_WIDTH);
}

static void put_left(FILE *out, const json_t *row)
{
	if (strcmp(out_text(row, "state", "pending"), "pending") == 0)
		text_left(out, out_text(row, "expires_at", NULL), time(NULL));
	else
		fputc('-', out);
}

static const struct column pending_columns[] = {
	{ "HOLD", "id", NULL },	    { "AGENT", "agent", NULL },
	{ "RISK", "risk", NULL },   { "CAPABILITY", "capability", NULL },
	{ "LEFT", NULL, put_left }, { "OPERATION", NULL, put_operation },
};
static const struct column all_columns[] = {
	{ "HOLD", "id", NULL },
	{ "STATE", "state", NULL },
	{ "AGENT", "agent", NULL },
	{ "RISK", "risk", NULL },
	{ "CAPABILITY", "capability", NULL },
	{ "LEFT", NULL, put_left },
	{ "DECIDED BY", "decided_by", NULL },
	{ "OPERATION", NULL, put_operation },
};

static struct url list_url(const struct call *c)
{
	return to_get_v1_approvals(&(struct get_v1_approvals){
		.agent = c->option[OPT_AGENT],
		.capability = c->option[OPT_CAPABILITY],
		.state = call_has(c, OPT_ALL) ? "all" : "pending",
		.limit = c->option[OPT_LIMIT],
	});
}

static int put_list(const struct call *c, const json_t *reply)
{
	bool all = call_has(c, OPT_ALL);

	return out_table(stdout, out_field(reply, "holds"), all ? all_columns : pending_columns,
			 all ? ARRAY_SIZE(all_columns) : ARRAY_SIZE(pending_columns), "Nothing waits for an answer.");
}

static int list_once(const struct call *c, const struct url *to)
{
	return ask_show(c, &(struct ask){ { .to = to }, "list the approvals", false }, put_list);
}

/* In a column of its own, as far as it fits. */
static void put_state(const json_t *hold)
{
	const char *state = out_text(hold, "state", "?");
	own_free char *text = escape_text(state, strlen(state));

	printf("  %-9s ", text ? text : "?");
}

static void put_change(const struct call *c, const json_t *hold)
{
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, hold);
	} else {
		out_value(stdout, out_field(hold, "id"));
		put_state(hold);
		for (size_t i = 1; i < ARRAY_SIZE(pending_columns) - 2; i++) {
			putchar(' ');
			out_value(stdout, out_field(hold, pending_columns[i].field));
			putchar(' ');
		}
		putchar(' ');
		if (strcmp(out_text(hold, "state", "pending"), "pending") == 0 && text_quorum(stdout, hold))
			fputs(": ", stdout);
		text_operation(stdout, hold, 0);
		putchar('\n');
	}
	fflush(stdout);
}

/* A hold that was listed and is not any more: ask what became of it. */
static void put_end(const struct call *c, const char *id)
{
	own_url struct url u = to_get_v1_approvals_id(id);
	own_json json_t *hold = NULL;

	if (ask_on(c, client_socket(c), &(struct ask){ { .to = &u }, "show a hold", false }, &hold) ==
	    DONE)
		put_change(c, hold);
}

static size_t approvals_of(const json_t *hold)
{
	return json_array_size(out_field(hold, "approved_by"));
}

/* known: id -> hold, as listed last; brought up to date. */
static void compare(const struct call *c, json_t *known, const json_t *holds)
{
	own_json json_t *now = json_object();
	json_t *hold;
	const char *id;
	void *next;
	size_t i;

	json_array_foreach(holds, i, hold) {
		id = out_text(hold, "id", "");
		json_object_set(now, id, hold);
		if (!json_object_get(known, id) || approvals_of(json_object_get(known, id)) != approvals_of(hold))
			put_change(c, hold);
	}
	json_object_foreach_safe(known, next, id, hold)
		if (!json_object_get(now, id) && strcmp(out_text(hold, "state", "pending"), "pending") == 0)
			put_end(c, id);
	json_object_clear(known);
	json_object_update(known, now);
}

/* Goes on through a restart of the daemon: an approver's screen must not end with it. */
static int watch(const struct call *c, const struct url *to)
{
	own_json json_t *known = json_object();
	const char *socket = client_socket(c);
	bool was_there = false, is_there = true;

	for (;;) {
		own_json json_t *reply = NULL;
		int r = ask_on(c, socket, &(struct ask){ { .to = to }, "list the approvals", false },
			       &reply);

		if (r > 0 || (r < 0 && !was_there))
			return r > 0 ? r : ask_say_unreachable(socket, r);
		if (r < 0 && is_there)
			say_fail(0, "waiting for it to come back", "lost the daemon at %s: %s", socket,
				 strerror(-r));
		is_there = r == DONE;
		was_there = true;
		if (is_there)
			compare(c, known, out_field(reply, "holds"));
		if (ferror(stdout))
			return REFUSED;
		sleep(WATCH_INTERVAL_S);
	}
}

int verb_approvals(const struct call *c)
{
	own_url struct url u = list_url(c);
	long limit;
	int r = call_number(c, OPT_LIMIT, 1000000, &limit);

	if (r < 0)
		return -r;
	return call_has(c, OPT_WATCH) ? watch(c, &u) : list_once(c, &u);
}

static int put_card(const struct call *c, const json_t *hold)
{
	(void)c;
	card_print(stdout, hold, time(NULL));
	return 0;
}

int verb_approvals_show(const struct call *c)
{
	own_url struct url u = to_get_v1_approvals_id(c->words[0]);
	own_free char *doing = NULL;

	if (asprintf(&doing, "show hold %s", c->words[0]) < 0)
		return say_no_memory();
	return ask_show(c, &(struct ask){ { .to = &u }, doing, false }, put_card);
}
