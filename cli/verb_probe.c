// SPDX-License-Identifier: Apache-2.0
/*
 * verb_probe.c - probe: one line of JSON and an exit status for monitors; agent health
 */
#include "ask.h"
#include "out.h"
#include "routes.h"
#include "verbs.h"

#include <time.h>

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* A monitor reads a line whatever happened. */
static int tell_failure(int status)
{
	own_json json_t *line = json_pack("{s:b, s:n, s:n, s:n, s:n, s:s}", "ok", 0, "canary_refused", "holds_answerable",
					  "store_written", "api_ms", "problem",
					  status == NOT_PERMITTED ? "not permitted to ask the daemon" : "the daemon does not answer");

	if (line)
		out_json(stdout, line);
	return status;
}

int verb_probe(const struct call *c)
{
	own_url struct url u = to_get_v1_probe();
	const struct ask question = { { .to = &u }, "probe the daemon", false };
	own_json json_t *line = NULL;
	struct call quiet = *c;
	double began = now_ms();
	int r;

	quiet.option[OPT_JSON] = NULL; /* an error is told in the line */
	r = ask(&quiet, &question, &line);
	if (r != DONE)
		return tell_failure(r);
	json_object_set_new(line, "api_ms", json_real(now_ms() - began));
	out_json(stdout, line);
	return json_is_true(out_field(line, "ok")) ? DONE : REFUSED;
}

static void put_rate(FILE *out, const json_t *row)
{
	const json_t *rate = out_field(row, "success_rate");

	if (json_is_number(rate))
		fprintf(out, "%.1f%%", json_number_value(rate));
	else
		fputc('-', out);
}

static const struct column health_columns[] = {
	{ "AGENT", "agent", NULL },   { "HEALTH", "health", NULL },	    { "EXECUTIONS", "executions", NULL },
	{ "OK", NULL, put_rate },     { "WAITING", "holds_pending", NULL }, { "WHY", "reasons", NULL },
};

int verb_agent_health(const struct call *c)
{
	own_url struct url u = c->count ? to_get_v1_health_agents_id(c->words[0]) : to_get_v1_health_agents(NULL);
	own_json json_t *all = NULL, *rows = json_array();
	int r = ask(c, &(struct ask){ { .to = &u }, "read the health of agents", false }, &all);

	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, all);
		return DONE;
	}
	if (c->count)
		json_array_append(rows, all);
	r = out_table(stdout, c->count ? rows : out_field(all, "agents"), health_columns, ARRAY_SIZE(health_columns),
		      "No agent is registered.");
	return r < 0 ? say_no_memory() : DONE;
}
