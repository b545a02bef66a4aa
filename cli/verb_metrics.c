// SPDX-License-Identifier: Apache-2.0
/*
 * verb_metrics.c - dashboard, metrics: how agents fared in a period
 */
#include "ask.h"
#include "out.h"
#include "routes.h"
#include "verbs.h"

#include <string.h>

static const char *period_of(const struct call *c)
{
	return call_has(c, OPT_PERIOD) ? c->option[OPT_PERIOD] : "24h";
}

static int read_period(const struct call *c, struct url take_to, const char *doing, json_t **ret)
{
	own_url struct url u = take_to;

	return ask(c, &(struct ask){ { .to = &u }, doing, false }, ret);
}

/* "97.5", "-" for none. */
static void put_number(FILE *out, const json_t *value, const char *unit)
{
	if (!json_is_number(value))
		fputc('-', out);
	else if (json_is_integer(value))
		fprintf(out, "%lld%s", (long long)json_integer_value(value), unit);
	else
		fprintf(out, "%.1f%s", json_number_value(value), unit);
}

static void put_line(const json_t *all, const char *words, const char *field, const char *unit)
{
	printf("  %-28s", words);
	put_number(stdout, out_field(all, field), unit);
	putchar('\n');
}

struct line {
	const char *words, *field, *unit;
};

static void put_lines(const json_t *all, const char *title, const struct line *v, size_t n)
{
	puts(title);
	for (size_t i = 0; i < n; i++)
		put_line(all, v[i].words, v[i].field, v[i].unit);
}

static const struct line summary_lines[] = {
	{ "total", "summary.total_executions", "" },
	{ "succeeded", "summary.success_rate", " %" },
	{ "failed", "summary.error_rate", " %" },
	{ "average time", "summary.average_latency_ms", " ms" },
};
static const struct line risk_lines[] = {
	{ "R0 LOW", "risk_distribution.R0", "" },
	{ "R1 MEDIUM", "risk_distribution.R1", "" },
	{ "R2 HIGH", "risk_distribution.R2", "" },
	{ "R3 CRITICAL", "risk_distribution.R3", "" },
};
static const struct line approval_lines[] = {
	{ "needed", "approvals.total_needed", "" },
	{ "granted", "approvals.granted", "" },
	{ "rejected", "approvals.rejected", "" },
	{ "accepted", "approvals.acceptance_rate", " %" },
};
static const struct line quality_lines[] = {
	{ "audit completeness", "quality_metrics.audit_completeness", " %" },
	{ "success of R2 and R3", "quality_metrics.high_risk_success_rate", " %" },
	{ "accepted by people", "quality_metrics.human_approval_acceptance_rate", " %" },
};

int verb_dashboard(const struct call *c)
{
	own_json json_t *all = NULL;
	int r = read_period(c, to_get_v1_dashboard(&(struct get_v1_dashboard){ period_of(c) }), "read the dashboard", &all);

	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, all);
		return DONE;
	}
	fputs("The last ", stdout);
	out_value(stdout, out_field(all, "period"));
	puts("");
	put_lines(all, "executions", summary_lines, ARRAY_SIZE(summary_lines));
	put_lines(all, "by risk", risk_lines, ARRAY_SIZE(risk_lines));
	put_lines(all, "approvals", approval_lines, ARRAY_SIZE(approval_lines));
	put_lines(all, "quality", quality_lines, ARRAY_SIZE(quality_lines));
	return DONE;
}

static void put_success(FILE *out, const json_t *row)
{
	put_number(out, out_field(row, "success_rate"), "%");
}

static void put_errors(FILE *out, const json_t *row)
{
	put_number(out, out_field(row, "error_rate"), "%");
}

static void put_p50(FILE *out, const json_t *row)
{
	put_number(out, out_field(row, "latency.p50_ms"), "");
}

static void put_p99(FILE *out, const json_t *row)
{
	put_number(out, out_field(row, "latency.p99_ms"), "");
}

static void put_mean(FILE *out, const json_t *row)
{
	put_number(out, out_field(row, "average_ms"), "");
}

static const struct column agent_columns[] = {
	{ "AGENT", "agent", NULL },    { "EXECUTIONS", "executions", NULL }, { "OK", NULL, put_success },
	{ "ERRORS", NULL, put_errors }, { "P50 MS", NULL, put_p50 },	      { "P99 MS", NULL, put_p99 },
	{ "ALLOWED", "operations.allow", NULL }, { "DENIED", "operations.deny", NULL }, { "ASKED", "questions.asked", NULL },
};
static const struct column capability_columns[] = {
	{ "CAPABILITY", "capability", NULL }, { "EXECUTIONS", "executions", NULL }, { "OK", NULL, put_success },
	{ "ERRORS", NULL, put_errors },	      { "MEAN MS", NULL, put_mean },
};
static const struct column skill_columns[] = {
	{ "SKILL", "skill", NULL },	{ "EXECUTIONS", "executions", NULL }, { "OK", NULL, put_success },
	{ "ERRORS", NULL, put_errors }, { "MEAN MS", NULL, put_mean },
};

int verb_metrics(const struct call *c)
{
	own_json json_t *all = NULL;
	int r = read_period(c, to_get_v1_metrics(&(struct get_v1_metrics){ period_of(c) }), "read the metrics", &all);

	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, all);
		return DONE;
	}
	r = out_table(stdout, out_field(all, "agents"), agent_columns, ARRAY_SIZE(agent_columns), "No agent ran anything.");
	putchar('\n');
	if (r >= 0)
		r = out_table(stdout, out_field(all, "capabilities"), capability_columns, ARRAY_SIZE(capability_columns),
			      "No capability was used to run anything.");
	if (r >= 0 && json_array_size(out_field(all, "skills"))) {
		putchar('\n');
		r = out_table(stdout, out_field(all, "skills"), skill_columns, ARRAY_SIZE(skill_columns), "");
	}
	return r < 0 ? say_no_memory() : DONE;
}
