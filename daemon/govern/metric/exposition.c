// SPDX-License-Identifier: Apache-2.0
/* exposition.c - see exposition.h */
#include "exposition.h"

#include <stdio.h>
#include <string.h>

#include "api/view.h"
#include "core/utf8.h"
#include "execution_table.h"
#include "govern/approval/hold_table.h"
#include "govern/counter/counter.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"
#include "json/doc.h"
#include "rollup.h"

#define KEYS_MAX 64

struct text {
	struct governor *g;
	FILE *out;
	int error;
};

static void head(struct text *t, const char *name, const char *type, const char *help)
{
	fprintf(t->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void exposition_label(FILE *out, const char *value)
{
	own_json json_t *text = view_text(value);
	const char *at = json_string_value(text);
	size_t left = at ? strlen(at) : 0, n;
	uint32_t c;

	/* Somebody will look at this with curl, in a terminal. */
	for (; left; left -= n, at += n) {
		n = utf8_decode(at, left, &c);
		n = n ? n : 1;
		if (*at == '\n')
			fputs("\\n", out);
		else if (n == 1 && *at >= ' ' && *at < 0x7f)
			fprintf(out, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
		else
			fprintf(out, "\\\\u%04x", n == 1 ? (unsigned int)(unsigned char)*at : c);
	}
}

static void gauge(struct text *t, const char *name, const char *help, double value)
{
	head(t, name, "gauge", help);
	fprintf(t->out, "%s %.17g\n", name, value);
}

/* ---- series by agent and one or two words ---- */

struct family {
	const char *name;
	enum metric metric;
	void (*put)(struct text *t, const char *name, const char *agent, const int64_t n[KEYS_MAX]);
};

struct series {
	struct text *t;
	const struct family *family;
	size_t agents;
	int64_t others[KEYS_MAX];
};

static void add_key(void *ctx, const struct rollup_row *row)
{
	int64_t *n = ctx;

	if (row->key >= 0 && row->key < KEYS_MAX)
		n[row->key] += row->n;
}

static void begin_labels(struct text *t, const char *name, const char *agent)
{
	fprintf(t->out, "%s{agent=\"", name);
	exposition_label(t->out, agent);
	fputc('"', t->out);
}

static void put_executions(struct text *t, const char *name, const char *agent, const int64_t n[KEYS_MAX])
{
	for (unsigned int risk = 0; risk < 4; risk++)
		for (unsigned int status = EXECUTION_SUCCESS; status < EXECUTION_STATUS_MAX; status++) {
			if (!n[EXECUTION_KEY(risk, status)])
				continue;
			begin_labels(t, name, agent);
			fprintf(t->out, ",risk=\"%s\",status=\"%s\"} %lld\n", risk_name((enum cvf_risk)risk),
				execution_status_words[status], (long long)n[EXECUTION_KEY(risk, status)]);
		}
}

static void put_operations(struct text *t, const char *name, const char *agent, const int64_t n[KEYS_MAX])
{
	static const char *const words[] = { NULL, "allow", "deny", "hold" };
	int64_t sums[4] = { 0 };

	for (unsigned int key = 0; key < KEYS_MAX; key++)
		sums[counter_ran((uint8_t)key) ? CVF_VERDICT_ALLOW : key & 3] += n[key];
	for (unsigned int v = CVF_VERDICT_ALLOW; v <= CVF_VERDICT_HOLD; v++) {
		begin_labels(t, name, agent);
		fprintf(t->out, ",verdict=\"%s\"} %lld\n", words[v], (long long)sums[v]);
	}
}

static void put_questions(struct text *t, const char *name, const char *agent, const int64_t n[KEYS_MAX])
{
	static const char *const words[OUTCOME_MAX] = {
		[OUTCOME_ASKED] = "asked",     [OUTCOME_APPROVED] = "approved",	  [OUTCOME_GRANTED] = "by_grant",
		[OUTCOME_DENIED] = "denied",   [OUTCOME_EXPIRED] = "expired",	  [OUTCOME_ABANDONED] = "abandoned",
		[OUTCOME_OVER_BUDGET] = "over_budget", [OUTCOME_ENDED] = "ended",
	};

	for (unsigned int i = 0; i < OUTCOME_MAX; i++) {
		begin_labels(t, name, agent);
		fprintf(t->out, ",outcome=\"%s\"} %lld\n", words[i], (long long)n[i]);
	}
}

static void add_agent(void *ctx, int64_t agent)
{
	struct series *s = ctx;
	int64_t own[KEYS_MAX] = { 0 };
	int64_t *to = s->agents < EXPOSITION_AGENTS ? own : s->others;
	const char *name = numbers_table_name(s->t->g->numbers, NUMBER_AGENT, (uint32_t)agent);

	if (s->t->error == 0)
		s->t->error = rollup_ever(s->t->g->store, s->family->metric, agent, add_key, to);
	if (to == own)
		s->family->put(s->t, s->family->name, name ? name : "", own);
	s->agents++;
}

static void put_family(struct text *t, const struct family *family, const char *help)
{
	struct series s = { .t = t, .family = family };
	int r;

	head(t, family->name, "counter", help);
	r = rollup_table_subjects(t->g->store, family->metric, add_agent, &s);
	if (s.agents > EXPOSITION_AGENTS)
		family->put(t, family->name, EXPOSITION_OTHERS, s.others);
	if (t->error == 0)
		t->error = r;
}

/* ---- durations ---- */

static void put_histogram(struct text *t, const char *name, enum metric metric, const char *help)
{
	struct histogram h;
	int64_t n = 0;
	int r = rollup_histogram_ever(t->g->store, metric, 0, &h);

	if (t->error == 0)
		t->error = r;
	head(t, name, "histogram", help);
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		n += h.n[i];
		fprintf(t->out, "%s_bucket{le=\"%g\"} %lld\n", name, (double)histogram_bounds[i] / 1e6, (long long)n);
	}
	fprintf(t->out, "%s_bucket{le=\"+Inf\"} %lld\n%s_sum %.6f\n%s_count %lld\n", name, (long long)h.total, name,
		(double)h.sum_us / 1e6, name, (long long)h.total);
}

/* ---- the host ---- */

static void put_pair(struct text *t, const char *name, enum metric metric, const char *help, const char *const labels[2])
{
	int64_t n[KEYS_MAX] = { 0 };
	int r = rollup_ever(t->g->store, metric, 0, add_key, n);

	if (t->error == 0)
		t->error = r;
	head(t, name, "counter", help);
	for (int i = 0; i < 2; i++)
		fprintf(t->out, "%s{%s} %lld\n", name, labels[i], (long long)n[i]);
}

static void put_host(struct text *t)
{
	struct governor *g = t->g;
	int64_t pending = 0;
	uint64_t next;
	int r = hold_table_pending(g->store, g->boot, &pending, &next);

	if (t->error == 0)
		t->error = r;
	head(t, "cvf_build_info", "gauge", "The version that answers.");
	fputs("cvf_build_info{version=\"", t->out);
	exposition_label(t->out, CVF_VERSION);
	fputs("\"} 1\n", t->out);
	gauge(t, "cvf_start_time_seconds", "When the governor was started.", (double)g->started_ms / 1000);
	gauge(t, "cvf_enforcing", "1: the last operation that must be refused was refused.", g->canary_ok);
	gauge(t, "cvf_canary_last_run_time_seconds", "When it was tried last.", (double)g->canary_ms / 1000);
	gauge(t, "cvf_store_writable", "1: records can be stored.", !*g->store_problem && !store_problem(g->store));
	gauge(t, "cvf_policy_generation", "Generation in force.", (double)registry_generation(g->registry));
	gauge(t, "cvf_policy_problem", "1: older declarations are in force than those on disk.", registry_problem(g->registry) != NULL);
	gauge(t, "cvf_agents", "Registered agents.", (double)model_count(registry_model(g->registry), DECL_AGENT));
	gauge(t, "cvf_holds_pending", "Operations that wait for an answer.", (double)pending);
	head(t, "cvf_records_malformed_total", "counter", "Records of the enforcer that were refused, since the start.");
	fprintf(t->out, "cvf_records_malformed_total %llu\n", (unsigned long long)g->records_bad);
}

static void put_all(struct text *t)
{
	static const char *const fates[] = { "fate=\"stored\"", "fate=\"lost\"" };
	static const char *const results[] = { "result=\"not_refused\"", "result=\"refused\"" };

	put_host(t);
	put_pair(t, "cvf_records_total", METRIC_RECORD, "Records of the kernel.", fates);
	put_pair(t, "cvf_canary_runs_total", METRIC_CANARY, "Operations tried that must be refused.", results);
	put_family(t, &(struct family){ "cvf_executions_total", METRIC_EXECUTION, put_executions },
		   "Programs of agents that have ended, by highest risk met and status.");
	put_family(t, &(struct family){ "cvf_operations_total", METRIC_OPERATION, put_operations },
		   "Operations of agents that the kernel judged.");
	put_family(t, &(struct family){ "cvf_questions_total", METRIC_QUESTION, put_questions },
		   "Operations that needed an approval, and what came of them.");
	put_histogram(t, "cvf_execution_duration_seconds", METRIC_LATENCY, "From exec to exit.");
	put_histogram(t, "cvf_answer_duration_seconds", METRIC_ANSWER, "From a question to the answer of a person.");
	put_histogram(t, "cvf_api_request_duration_seconds", METRIC_REQUEST, "Requests to the API.");
}

char *exposition_text(struct governor *g, size_t *ret_size)
{
	char *text = NULL;
	struct text t = { .g = g, .out = open_memstream(&text, ret_size) };

	if (!t.out)
		return NULL;
	put_all(&t);
	if (fclose(t.out) == 0 && t.error == 0)
		return text;
	free(text);
	return NULL;
}
