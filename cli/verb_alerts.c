// SPDX-License-Identifier: Apache-2.0
/*
 * verb_alerts.c - alerts, objectives, maintenance
 */
#include "ask.h"
#include "out.h"
#include "routes.h"
#include "verbs.h"

#include <string.h>

static int list(const struct call *c, struct url take_to, const char *doing, const struct column *columns, size_t n, const char *field,
		const char *empty)
{
	own_url struct url u = take_to;
	own_json json_t *all = NULL;
	int r = ask(c, &(struct ask){ { .to = &u }, doing, false }, &all);

	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, all);
		return DONE;
	}
	return out_table(stdout, out_field(all, field), columns, n, empty) < 0 ? say_no_memory() : DONE;
}

static const struct column alert_columns[] = {
	{ "ALERT", "id", NULL },	   { "SINCE", "opened_at", NULL }, { "SEVERITY", "severity", NULL },
	{ "STATE", "state", NULL }, { "ABOUT", "subject", NULL },   { "REASON", "reason", NULL },
};

int verb_alerts(const struct call *c)
{
	struct url u = to_get_v1_alerts(&(struct get_v1_alerts){ .state = call_has(c, OPT_ALL) ? "all" : NULL, .limit = "1000" });

	return list(c, u, "list the alerts", alert_columns, ARRAY_SIZE(alert_columns), "alerts", "There is nothing to look at.");
}

static int post(const struct call *c, struct url take_to, json_t *take_body, const char *doing, const char *done)
{
	own_url struct url u = take_to;
	own_json json_t *body = take_body, *answer = NULL;
	own_free char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	int r;

	if (!text)
		return say_no_memory();
	r = ask(c, &(struct ask){ { &u, text, strlen(text), 0 }, doing, false }, &answer);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON))
		out_json(stdout, answer);
	else {
		out_value(stdout, out_field(answer, "id"));
		printf(" %s\n", done);
	}
	return DONE;
}

int verb_alerts_ack(const struct call *c)
{
	json_t *body = json_object();

	if (set_note(c, body) != DONE)
		return USAGE;
	return post(c, to_post_v1_alerts_id_ack(c->words[0]), body, "acknowledge the alert", "acknowledged");
}

static void put_percent(FILE *out, const json_t *row, const char *field, const char *unit)
{
	const json_t *value = out_field(row, field);

	if (json_is_number(value))
		fprintf(out, "%.4g%s", json_number_value(value), unit);
	else
		fputc('-', out);
}

static void put_target(FILE *out, const json_t *row)
{
	put_percent(out, row, "target", "%");
}

static void put_value(FILE *out, const json_t *row)
{
	put_percent(out, row, "value", "%");
}

static void put_budget(FILE *out, const json_t *row)
{
	put_percent(out, row, "budget_left", "%");
}

static void put_burn(FILE *out, const json_t *row)
{
	put_percent(out, row, "burn_1h", "x");
}

static const struct column objective_columns[] = {
	{ "OBJECTIVE", "id", NULL }, { "STATE", "state", NULL },       { "TARGET", NULL, put_target },	{ "VALUE", NULL, put_value },
	{ "GOOD", "good", NULL },    { "BAD", "bad", NULL },	       { "BUDGET LEFT", NULL, put_budget }, { "BURN 1H", NULL, put_burn },
	{ "DAYS", "days", NULL },
};

int verb_objectives(const struct call *c)
{
	return list(c, to_get_v1_objectives(), "read the objectives", objective_columns, ARRAY_SIZE(objective_columns), "objectives",
		    "Nothing is promised.");
}

static const struct column maintenance_columns[] = {
	{ "MAINTENANCE", "id", NULL }, { "STATE", "state", NULL }, { "FROM", "from", NULL },
	{ "TO", "to", NULL },	       { "BY", "made_by", NULL },  { "NOTE", "note", NULL },
};

int verb_maintenance(const struct call *c)
{
	return list(c, to_get_v1_maintenance(NULL), "list the maintenance", maintenance_columns, ARRAY_SIZE(maintenance_columns), "maintenance",
		    "No maintenance was declared.");
}

int verb_maintenance_start(const struct call *c)
{
	json_t *body;
	long seconds;
	int r = call_duration(c, OPT_FOR, &seconds);

	if (r < 0)
		return -r;
	body = json_pack("{s:I}", "for_s", (json_int_t)seconds);
	if (set_note(c, body) != DONE)
		return USAGE;
	return post(c, to_post_v1_maintenance(), body, "declare maintenance", "begins now");
}

int verb_maintenance_end(const struct call *c)
{
	return post(c, to_post_v1_maintenance_id_end(c->words[0]), json_object(), "end the maintenance", "has ended");
}
