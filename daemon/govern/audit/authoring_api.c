// SPDX-License-Identifier: Apache-2.0
/* authoring_api.c - /v1/policies/diff, /v1/policies/replay, /v1/agents/{id}/suggestion */
#include "authoring_api.h"

#include <string.h>

#include "candidate.h"
#include "event_api.h"
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

static const char candidates[] =
	"Body: capabilities, agents and policies (one or an array); they take the place of those of the same id. An empty body:\n"
	"what is on disk, as a reload would read it. Parameter `name`: file name for the diagnoses.\n\n"
	"The answer is worked out between other work and may take a while; one such question is answered at a time (503 `busy`).\n"
	"If what is in force changes meanwhile, the answer is `{\"error\": {\"code\": \"changed\"}}`.\n\n"
	"Parameters: `since`, `until`, `agent`, `capability`, as for `/v1/events`. Answer: `{\"since\", \"events\", \"judged\",\n"
	"\"not_judged\", \"counts\": [{\"before\", \"after\", \"count\"}], \"differences\": [{\"event\", \"before\", \"after\",\n"
	"\"capability\", \"risk\", \"rule\", \"reason\", \"text\"}], \"rules\": [{\"rule\", \"operations\"}]}`. `before` is what the policy\n"
	"said then, whatever an approver made of it; `differences` are the first twenty; a rule with 0 operations decided none.";

static const char compared[] =
	"Like `/v1/policies/replay`: body, parameter `name`, and that it may take a while.\n\n"
	"Answer: `{\"changes\": [{\"kind\", \"id\", \"change\", \"words\"}], \"decisions\": [{\"operation\", \"agents\", \"before\", \"after\",\n"
	"\"words\"}], \"decisions_changed\", \"operations\", \"agents_judged\", \"agents\"}`; `change` is `added`, `removed`, `changed` or\n"
	"`moved`.";

static const struct route table[] = {
	{ "POST", "/v1/policies/diff", ROLE_VIEWER, 0, post_diff, "What declarations would change: in words, and in decisions", compared },
	{ "POST", "/v1/policies/replay", ROLE_VIEWER, 0, post_replay, "What recorded operations would have come to", candidates },
	{ "GET", "/v1/agents/{id}/suggestion", ROLE_VIEWER, 0, get_suggestion, "The least declaration that covers what an agent was recorded doing",
	  "Parameters: `since`, `until`. Like `/v1/policies/replay` it may take a while.\n\n"
	  "Answer: `{\"agent\": declaration, \"policy\": declaration or null, \"report\": [lines], \"operations\"}`. What is LOW leaves no\n"
	  "record: which capabilities of that level were used is known from the counters. Never suggested: what is CRITICAL, secrets,\n"
	  "code that others will run, what a policy denies." },
};

const struct routes authoring_routes = { table, ARRAY_SIZE(table), "Before it is in force" };
