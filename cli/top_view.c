// SPDX-License-Identifier: Apache-2.0
/* top_view.c - the document as a page: two lines about everything, then agents, what waits, what was refused */
#include "top.h"

#include "core/own.h"
#include "out.h"
#include "text.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#define OPERATION_WIDTH 300

static void put_number(FILE *out, const json_t *value)
{
	if (!json_is_number(value))
		fputc('-', out);
	else
		fprintf(out, json_number_value(value) < 9.95 ? "%.1f" : "%.0f", json_number_value(value));
}

static void put_allowed(FILE *out, const json_t *row)
{
	put_number(out, out_field(row, "allow_per_s"));
}

static void put_denied(FILE *out, const json_t *row)
{
	put_number(out, out_field(row, "deny_per_s"));
}

static void put_held(FILE *out, const json_t *row)
{
	put_number(out, out_field(row, "hold_per_s"));
}

static void put_agent(FILE *out, const json_t *row)
{
	if (out_text(row, "agent", NULL))
		out_value(out, out_field(row, "agent"));
	else
		fputs("(several)", out);
}

static void put_operation(FILE *out, const json_t *row)
{
	text_operation(out, row, OPERATION_WIDTH);
}

static void put_left(FILE *out, const json_t *row)
{
	text_left(out, out_text(row, "expires_at", NULL), time(NULL));
}

/* Of today: the time is enough. */
static void put_time(FILE *out, const json_t *row)
{
	const char *moment = out_text(row, "time", "");
	const char *t = strchr(moment, 'T');
	json_t *clock = t && strlen(t) > 8 ? json_stringn(t + 1, 8) : NULL;

	out_value(out, clock ? clock : out_field(row, "time"));
	json_decref(clock);
}

static const struct column agent_columns[] = {
	{ "AGENT", NULL, put_agent }, { "HEALTH", "health", NULL },	{ "ALLOWED/S", NULL, put_allowed }, { "DENIED/S", NULL, put_denied },
	{ "HELD/S", NULL, put_held }, { "WAITING", "waiting", NULL }, { "ALLOWED", "allow", NULL },	     { "DENIED", "deny", NULL },
	{ "HELD", "hold", NULL },
};
static const struct column hold_columns[] = {
	{ "WAITS: HOLD", "id", NULL }, { "AGENT", "agent", NULL },     { "RISK", "risk", NULL },
	{ "LEFT", NULL, put_left },    { "OPERATION", NULL, put_operation },
};
static const struct column refusal_columns[] = {
	{ "REFUSED", NULL, put_time }, { "AGENT", "agent", NULL },	   { "CAPABILITY", "capability", NULL },
	{ "REASON", "reason", NULL },  { "OPERATION", NULL, put_operation },
};

static void put_count(FILE *out, const json_t *status, const char *field, const char *words)
{
	out_value(out, out_field(status, field));
	fputs(words, out);
}

static void put_head(FILE *out, const json_t *document, const char *trouble)
{
	const json_t *status = out_field(document, "status"), *rates = out_field(document, "rates");

	out_value(out, out_field(document, "time"));
	fputs(json_is_true(out_field(status, "enforcing")) ? "  Enforcing (" : "  NOT ENFORCING, see: cvfctl doctor (", out);
	put_count(out, status, "flavour", ", kernel ");
	put_count(out, status, "kernel", "), generation ");
	put_count(out, status, "generation", "\n");
	if (trouble) {
		fprintf(out, "%s\n", trouble);
		return;
	}
	put_count(out, status, "agents", " agents, ");
	put_count(out, status, "holds_pending", " waiting, ");
	put_count(out, status, "events_recorded", " recorded, ");
	put_count(out, status, "events_lost", " lost; per second: ");
	put_number(out, out_field(rates, "allow"));
	fputs(" allowed, ", out);
	put_number(out, out_field(rates, "deny"));
	fputs(" denied, ", out);
	put_number(out, out_field(rates, "hold"));
	fputs(" held\n", out);
}

/* A table of so many lines with its heading, and how many rows had no place. most 0: all. */
static int put_part(FILE *out, const json_t *rows, size_t most, const struct column *columns, size_t n, const char *empty)
{
	size_t size = json_array_size(rows), fits = !most || size + 1 <= most ? size : most - 2, i;
	json_t *shown = json_array();
	int r;

	for (i = 0; i < fits; i++)
		json_array_append(shown, json_array_get(rows, i));
	fputc('\n', out);
	r = out_table(out, shown, columns, n, empty);
	if (size > fits)
		fprintf(out, "and %zu more\n", size - fits);
	json_decref(shown);
	return r;
}

/* Two lines of head and an empty one before each part; who needs less than a third leaves it to the others. */
int top_print(FILE *out, const json_t *document, const char *trouble, size_t lines)
{
	const json_t *agents = out_field(document, "agents"), *holds = out_field(document, "holds");
	size_t left = lines < 15 ? 10 : lines - 5, third = left / 3, a = 0, h = 0, f = 0;
	size_t needs_agents = json_array_size(agents) + 1, needs_holds = json_array_size(holds) + 1;
	int r;

	if (lines) {
		h = needs_holds < third ? needs_holds : third;
		a = needs_agents < third ? needs_agents : third;
		f = json_array_size(out_field(document, "refusals")) + 1;
		f = f < left - a - h ? f : left - a - h;
		if (needs_holds > h && h < left - a - f)
			h = left - a - f;
		if (needs_agents > a && a < left - h - f)
			a = left - h - f;
	}
	put_head(out, document, trouble);
	r = put_part(out, holds, h, hold_columns, ARRAY_SIZE(hold_columns), "Nothing waits for an answer.");
	if (r >= 0)
		r = put_part(out, agents, a, agent_columns, ARRAY_SIZE(agent_columns), "No agent did anything yet.");
	if (r >= 0)
		r = put_part(out, out_field(document, "refusals"), f, refusal_columns, ARRAY_SIZE(refusal_columns), "Nothing was refused.");
	return r;
}
