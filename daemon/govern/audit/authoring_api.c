// SPDX-License-Identifier: Apache-2.0
/* authoring_api.c - /v1/policies/diff, /v1/policies/replay, /v1/agents/{id}/suggestion */
#include "authoring_api.h"

#include <string.h>

#include "candidate.h"
#include "event_api.h"
#include "event_view.h"
#include "govern/registry/registry.h"
#include "govern/slices.h"
#include "policy/diff.h"
#include "replay.h"
#include "suggest.h"

#define OPERATIONS_PER_STEP 200

/* ---- diff ---- */

struct comparison {
	struct candidate candidate;
	struct diff *diff;
};

static void comparison_free(void *work)
{
	struct comparison *c = work;

	diff_free(c->diff);
	candidate_done(&c->candidate);
	free(c);
}

static int compare(struct governor *g, void *work, json_t **ret_result)
{
	struct comparison *c = work;
	int r = candidate_check(g, &c->candidate);

	if (r == 0)
		r = diff_step(c->diff, OPERATIONS_PER_STEP);
	if (r != 0)
		return r;
	*ret_result = diff_result(c->diff);
	return 0;
}

static unsigned int post_diff(struct request *q)
{
	struct comparison *c = calloc(1, sizeof(*c));
	unsigned int status = c ? candidate_make(q, &c->candidate) : refuse(q, 500, "no-memory", NULL, "out of memory");

	if (status) {
		free(c);
		return status;
	}
	if (diff_new(registry_model(governor_of(q)->registry), c->candidate.origin.model, time(NULL), &c->diff) < 0) {
		comparison_free(c);
		return refuse(q, 500, "no-memory", NULL, "out of memory");
	}
	return slices_start(q, &(struct job){compare, comparison_free, c});
}

/* ---- replay ---- */

static unsigned int post_replay(struct request *q)
{
	struct candidate candidate;
	struct event_query query;
	unsigned int status = event_query_read(q, &query);

	if (status)
		return status;
	status = candidate_make(q, &candidate);
	if (status) {
		event_query_done(&query);
		return status;
	}
	return replay_start(q, &candidate, &query);
}

static const struct shape candidates = RAW(
	"Capabilities, agents and policies (one or an array); they take the place of those of the same id. Empty: what is on disk, as a reload would read it.");
static const struct shape name_query = SHAPE(NULL, M(TEXT, "name", .max = 255, .about = "file name for the diagnoses"),);
static const struct shape replay_query = SHAPE(NULL, M(TEXT, "name", .max = 255, .about = "file name for the diagnoses"),
	M(TIME, "since"), M(TIME, "until"), M(TEXT, "agent"), M(TEXT, "capability", .about = "a glob"),);
static const struct shape replayed = SHAPE(NULL, M(TIME, "since", .flags = OR_NULL), M(NUMBER, "events"), M(NUMBER, "judged"),
	M(NUMBER, "not_judged"), M(OBJECT, "counts", .flags = MANY, .of = OF(M(TEXT, "before"), M(TEXT, "after"), M(NUMBER, "count"),)),
	M(OBJECT, "differences", .flags = MANY, .about = "the first twenty", .of = OF(M(OBJECT, "event", .of = &event_shape),
		M(TEXT, "before", .flags = OR_NULL), M(TEXT, "after", .flags = OR_NULL), M(TEXT, "capability", .flags = OR_NULL), M(TEXT, "risk"),
		M(TEXT, "rule", .flags = OR_NULL), M(TEXT, "reason"), M(TEXT, "text"),)),
	M(OBJECT, "rules", .flags = MANY, .about = "a rule with 0 operations decided none", .of = OF(M(TEXT, "rule"), M(NUMBER, "operations"),)),);
static const struct shape compared = SHAPE(NULL,
	M(OBJECT, "changes", .flags = MANY, .of = OF(M(TEXT, "kind"), M(TEXT, "id"), M(WORD, "change", .words = "added|removed|changed|moved"), M(TEXT, "words"),)),
	M(OBJECT, "decisions", .flags = MANY, .of = OF(M(TEXT, "operation"), M(TEXT, "agents", .flags = MANY), M(OBJECT, "before"), M(OBJECT, "after"), M(TEXT, "words", .flags = SOMETIMES),)),
	M(NUMBER, "decisions_changed"), M(NUMBER, "operations"), M(NUMBER, "agents_judged"), M(NUMBER, "agents"),);
static const struct shape period_query = SHAPE(NULL, M(TIME, "since"), M(TIME, "until"),);
static const struct shape suggested = SHAPE(NULL, M(OBJECT, "agent"), M(OBJECT, "policy", .flags = OR_NULL), M(TEXT, "report", .flags = MANY),
	M(NUMBER, "operations"),);

static const struct route table[] = {
	{ "POST", "/v1/policies/diff", ROLE_VIEWER, 0, post_diff, "What declarations would change: in words, and in decisions",
	  "Like `/v1/policies/replay` it may take a while.", .query = &name_query, .body = &candidates, .answer = &compared },
	{ "POST", "/v1/policies/replay", ROLE_VIEWER, 0, post_replay, "What recorded operations would have come to",
	  "The answer is worked out between other work and may take a while; one such question is answered at a time (503 `busy`).\n"
	  "If what is in force changes meanwhile, the answer is `{\"error\": {\"code\": \"changed\"}}`. `before` is what the policy\n"
	  "said then, whatever an approver made of it.", .query = &replay_query, .body = &candidates, .answer = &replayed },
	{ "GET", "/v1/agents/{id}/suggestion", ROLE_VIEWER, 0, get_suggestion, "The least declaration that covers what an agent was recorded doing",
	  "Like `/v1/policies/replay` it may take a while. What is LOW leaves no record: which capabilities of that level were used is\n"
	  "known from the counters. Never suggested: what is CRITICAL, secrets, code that others will run, what a policy denies.",
	  .query = &period_query, .answer = &suggested },
};

const struct routes authoring_routes = { table, ARRAY_SIZE(table), "Before it is in force" };
