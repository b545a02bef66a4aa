// SPDX-License-Identifier: Apache-2.0
/* execution.c - see execution.h */
#include "execution.h"

#include <string.h>
#include <sys/wait.h>

#include "core/event.h"
#include "govern/audit/event_view.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"

#define SEEN 4096		/* processes whose row need not be read for every record */
#define ANNOUNCED 256		/* execs that were let through and whose image has not been seen yet */
#define ABSENT_NS 1000000000ull	/* for so long "has no row" is believed */

struct seen {
	uint32_t pid;		/* 0: empty */
	uint64_t start_ns, exec_id, time_ns;
	unsigned int risk;
	bool is_known, was_refused;
};

struct announced {
	uint32_t pid, capability;
	uint64_t start_ns;
	unsigned int risk;
};

struct executions {
	struct seen seen[SEEN];
	struct announced announced[ANNOUNCED];
	size_t next;
};

int executions_new(struct executions **ret_executions)
{
	*ret_executions = calloc(1, sizeof(**ret_executions));
	return *ret_executions ? 0 : -ENOMEM;
}

void executions_free(struct executions *e)
{
	free(e);
}

void execution_forget(struct executions *e)
{
	memset(e, 0, sizeof(*e));
}

/* ---- sums ---- */

static int add_samples(struct rollup *u, const struct execution *e, enum metric metric, int64_t subject, int64_t n)
{
	struct sample sample = { .metric = metric, .subject = subject, .key = EXECUTION_KEY((int64_t)e->risk, e->status),
				 .at_ms = e->ended_ms, .n = n, .sum = e->latency_us > 0 ? n * e->latency_us : 0 };
	int r = rollup_add(u, &sample);

	if (r < 0 || metric != METRIC_EXECUTION || e->latency_us < 0)
		return r;
	sample.metric = METRIC_LATENCY;
	sample.key = histogram_bucket(e->latency_us);
	return rollup_add(u, &sample);
}

/* n: 1, or -1 to take it away again. */
static int count(struct governor *g, struct rollup *u, const struct execution *e, int64_t n)
{
	int64_t skill = 0;
	int r = add_samples(u, e, METRIC_EXECUTION, 0, n);

	if (r == 0)
		r = add_samples(u, e, METRIC_EXECUTION, e->agent, n);
	if (r == 0 && *e->skill)
		r = skill_table_number(g->store, e->skill, &skill);
	if (r == 0 && skill)
		return add_samples(u, e, METRIC_SKILL, skill, n);
	return r == 0 && e->capability ? add_samples(u, e, METRIC_CAPABILITY, e->capability, n) : r;
}

/* Writes a changed row, and what it changes in the sums. */
static int change(struct governor *g, struct rollup *u, const struct execution *before, const struct execution *after)
{
	int r = execution_table_put(g->store, after);

	if (r == 0 && before->status != EXECUTION_RUNNING)
		r = count(g, u, before, -1);
	if (r == 0 && after->status != EXECUTION_RUNNING)
		r = count(g, u, after, 1);
	return r;
}

/* ---- the end ---- */

static enum execution_status status_of(int wait_status, bool was_refused)
{
	bool is_killed = WIFSIGNALED(wait_status);

	if (!is_killed && WEXITSTATUS(wait_status) == 0)
		return EXECUTION_SUCCESS;
	if (is_killed)
		return EXECUTION_KILLED;
	return was_refused ? EXECUTION_REFUSED : EXECUTION_FAILURE;
}

static int end_unseen(struct governor *g, struct rollup *u, const struct execution *e, int64_t now_ms)
{
	struct execution after = *e;

	after.status = EXECUTION_UNKNOWN;
	after.ended_ms = now_ms;
	return change(g, u, e, &after);
}

static int note_exit(struct governor *g, struct rollup *u, const struct cvf_record *r, int64_t time_ms)
{
	struct execution e, after;
	int result = execution_table_process(g->store, g->boot, r->pid, r->start_ns, &e);

	if (result <= 0 || (e.status != EXECUTION_RUNNING && e.status != EXECUTION_UNKNOWN))
		return result < 0 ? result : 0; /* a copy of a program that ran none itself */
	after = e;
	after.status = status_of(r->result, e.was_refused);
	after.ended_ms = time_ms;
	after.latency_us = r->time_ns > e.began_ns ? (int64_t)((r->time_ns - e.began_ns) / 1000) : 0;
	return change(g, u, &e, &after);
}

static int on_session_end(struct governor *g, struct rollup *u, uint32_t session, int64_t time_ms)
{
	struct execution e;
	int r;

	while ((r = execution_table_running(g->store, g->boot, session, &e)) > 0) {
		r = end_unseen(g, u, &e, time_ms);
		if (r < 0)
			break;
	}
	return r;
}

int execution_end_others(struct governor *g, struct rollup *u, int64_t now_ms)
{
	struct execution e;
	int r;

	while ((r = execution_table_other_boot(g->store, g->boot, &e)) > 0) {
		r = end_unseen(g, u, &e, now_ms);
		if (r < 0)
			break;
	}
	return r;
}

int execution_prune(struct governor *g, struct rollup *u, int64_t now_ms)
{
	struct execution e;
	int r = 0;

	for (int i = 0; i < 100 && (r = execution_table_excess(g->store, EXECUTIONS_RUNNING_MAX, &e)) > 0; i++) {
		r = end_unseen(g, u, &e, now_ms);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : execution_table_prune(g->store, EXECUTIONS_MAX);
}

/* ---- the beginning ---- */

static struct seen *seen_of(struct executions *e, const struct cvf_record *r)
{
	return &e->seen[(r->pid ^ r->start_ns >> 10) % SEEN];
}

static struct announced *find_announced(struct executions *e, const struct cvf_record *r)
{
	for (size_t i = 0; i < ANNOUNCED; i++)
		if (e->announced[i].pid == r->pid && e->announced[i].start_ns == r->start_ns)
			return &e->announced[i];
	return NULL;
}

/* An exec that goes on, seen before its image. */
static void announce(struct executions *e, const struct cvf_record *r)
{
	struct announced *to = find_announced(e, r);

	if (to && to->risk > r->risk)
		return;
	if (!to)
		to = &e->announced[e->next++ % ANNOUNCED];
	*to = (struct announced){ r->pid, r->capability, r->start_ns, r->risk };
}

/* A permission of R0 leaves no record: what covers the program is asked of the policy. */
static void judge(struct governor *g, const struct cvf_record *r, int64_t time_ms, struct execution *to)
{
	static struct cvf_record exec;
	struct question question;
	struct answer answer;

	memcpy(&exec, r, r->size);
	exec.object = r->exe;
	exec.op = CVF_OP_EXEC;
	if (question_of_record(g, &exec, (time_t)(time_ms / 1000), &question) < 0)
		return;
	if (policy_eval(registry_model(g->registry), &question.query, &answer, NULL) == 0) {
		to->risk = answer.risk;
		to->capability = answer.capability ? numbers_table_find(g->numbers, NUMBER_CAPABILITY, answer.capability) : 0;
	}
	question_done(&question);
}

/* Capability and risk of the program that an EXEC record names. */
static void classify(struct governor *g, struct executions *all, const struct cvf_record *r, int64_t time_ms, struct execution *to)
{
	struct announced *known = find_announced(all, r);

	if (!known) {
		judge(g, r, time_ms, to);
		return;
	}
	to->capability = known->capability;
	to->risk = known->risk;
	*known = (struct announced){ 0 };
}

static int begin(struct governor *g, struct execution *e, const struct cvf_record *r, int64_t time_ms)
{
	int result = session_table_skill(g->store, g->boot, r->session, e->skill);

	if (result < 0)
		return result;
	e->boot = g->boot;
	e->pid = r->pid;
	e->start_ns = r->start_ns;
	e->agent = r->agent;
	e->session = r->session;
	e->began_ms = time_ms;
	e->began_ns = r->time_ns;
	ulid_next(&g->ids, (uint64_t)clock_utc_ms(), e->id);
	return execution_table_add(g->store, e);
}

/* The same process may run another program: it is the same execution, with the capability of the riskier one. */
static int on_exec(struct governor *g, struct executions *all, const struct cvf_record *r, int64_t time_ms)
{
	struct execution e, fresh = { .exec_id = r->exec_id, .latency_us = -1 };
	int result = execution_table_process(g->store, g->boot, r->pid, r->start_ns, &e);

	*seen_of(all, r) = (struct seen){ 0 };
	if (result < 0)
		return result;
	classify(g, all, r, time_ms, &fresh);
	if (result == 0)
		return begin(g, &fresh, r, time_ms);
	if (e.status != EXECUTION_RUNNING)
		return 0;
	e.exec_id = r->exec_id;
	if (fresh.risk >= e.risk) {
		e.risk = fresh.risk;
		e.capability = fresh.capability;
	}
	return execution_table_put(g->store, &e);
}

/* ---- in between ---- */

static bool is_refusal(const struct cvf_record *r)
{
	return r->verdict == CVF_VERDICT_DENY && !(r->flags & CVF_REC_OBSERVED) && r->reason != CVF_REASON_ABANDONED;
}

/* The execution that a record is about: of the process, or of the program that it is a copy of. 1 found, 0 none. */
static int find_for(struct governor *g, const struct cvf_record *r, struct execution *ret_e)
{
	int result = execution_table_process(g->store, g->boot, r->pid, r->start_ns, ret_e);

	return result || !r->exec_id ? result : execution_table_image(g->store, g->boot, r->exec_id, ret_e);
}

static int worsen(struct governor *g, struct rollup *u, struct execution *e, const struct cvf_record *r)
{
	struct execution after = *e;
	int result = 0;

	if (r->risk > after.risk)
		after.risk = r->risk;
	after.was_refused |= is_refusal(r);
	if (after.was_refused && after.status == EXECUTION_FAILURE)
		after.status = EXECUTION_REFUSED;
	if (after.risk != e->risk || after.was_refused != e->was_refused)
		result = change(g, u, e, &after);
	*e = after;
	return result;
}

/* Nothing new about a process that is known: said again a hundred thousand times a second, if need be. */
static bool is_old_news(const struct seen *s, const struct cvf_record *r)
{
	if (s->pid != r->pid || s->start_ns != r->start_ns || s->exec_id != r->exec_id)
		return false;
	if (!s->is_known)
		return r->time_ns - s->time_ns < ABSENT_NS;
	return r->risk <= s->risk && (s->was_refused || !is_refusal(r));
}

static int on_effect(struct governor *g, struct executions *all, struct rollup *u, const struct cvf_record *r)
{
	struct seen *seen = seen_of(all, r);
	struct execution e;
	int result;

	if (is_old_news(seen, r))
		return 0;
	result = find_for(g, r, &e);
	if (result > 0) {
		int error = worsen(g, u, &e, r);

		if (error < 0)
			return error;
	}
	if (result < 0)
		return result;
	*seen = (struct seen){ .pid = r->pid, .start_ns = r->start_ns, .exec_id = r->exec_id, .time_ns = r->time_ns };
	if (result > 0) {
		seen->is_known = true;
		seen->risk = e.risk;
		seen->was_refused = e.was_refused;
	}
	return 0;
}

/* An exec that is let through is the process's own, not of the program that it is a copy of until then. */
static int on_own_exec(struct governor *g, struct executions *all, struct rollup *u, const struct cvf_record *r)
{
	struct execution e;
	int result = execution_table_process(g->store, g->boot, r->pid, r->start_ns, &e);

	if (result > 0 && r->time_ns <= e.began_ns)
		return worsen(g, u, &e, r); /* its image was seen first */
	if (result >= 0)
		announce(all, r);
	return result < 0 ? result : 0;
}

int execution_on_record(struct governor *g, struct executions *e, struct rollup *u, const struct cvf_record *r, int64_t time_ms)
{
	switch (r->kind) {
	case CVF_KIND_EXEC:
		return on_exec(g, e, r, time_ms);
	case CVF_KIND_EXIT:
		*seen_of(e, r) = (struct seen){ 0 };
		return note_exit(g, u, r, time_ms);
	case CVF_KIND_SESSION:
		return r->result ? 0 : on_session_end(g, u, r->session, time_ms);
	case CVF_KIND_HOLD:
		return r->op == CVF_OP_EXEC ? 0 : on_effect(g, e, u, r); /* what came of it is told by a RESUME */
	case CVF_KIND_VERDICT:
	case CVF_KIND_RESUME:
		if (r->op == CVF_OP_EXEC && !is_refusal(r) && r->reason != CVF_REASON_ABANDONED)
			return on_own_exec(g, e, u, r);
		return on_effect(g, e, u, r);
	default:
		return 0;
	}
}
