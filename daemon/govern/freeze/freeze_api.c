// SPDX-License-Identifier: Apache-2.0
/* freeze_api.c - /v1/agents/{id}/freeze and /thaw */
#include <string.h>

#include "api/view.h"
#include "freeze.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"

#define NOTE_MAX 500

static unsigned int refuse_freeze(struct request *q, int error, const char *word)
{
	if (error == -ECOMM)
		return refuse(q, 503, "link", "see the journals of cvfd and cvfd-govern",
			      "it is noted that the agent %s is %s, but cvfd could not be told: that is done as soon as it is back",
			      q->params[0], word);
	return refuse(q, 503, "store", "nothing has changed: see the journal of cvfd-govern, then try again",
		      "the agent %s could not be %s: %s", q->params[0], word, strerror(-error));
}

/* An agent that was removed may still have processes. */
static unsigned int set(struct request *q, enum wire_freeze_how how, const char *word)
{
	struct governor *g = governor_of(q);
	struct frozen f = { .how = how, .since_ms = clock_utc_ms(), .by = caller_of(q)->name, .note = body_text(q, "note") };
	uint32_t told = 0;
	json_t *to;
	int r;

	f.agent = numbers_table_find(g->numbers, NUMBER_AGENT, q->params[0]);
	if (!f.agent)
		return refuse(q, 404, "not-found", "GET /v1/agents lists the agents", "there is no agent %s", q->params[0]);
	r = freeze_agent(g, &f, &told);
	if (r < 0)
		return refuse_freeze(q, r, word);
	to = json_pack("{s:s, s:n, s:I}", "id", q->params[0], "frozen", "processes", (json_int_t)told);
	freeze_show(g, q->params[0], to);
	return reply(q, 200, to);
}

static unsigned int post_freeze(struct request *q)
{
	return set(q, WIRE_FREEZE_STAY, "frozen");
}

static unsigned int post_thaw(struct request *q)
{
	return set(q, WIRE_THAW, "thawed");
}

static const struct shape note_shape = SHAPE(NULL, M(TEXT, "note", .max = NOTE_MAX, .about = "why; in the audit trail"),);
const struct shape frozen_shape = SHAPE("frozen", M(TIME, "since"), M(TEXT, "by"), M(TEXT, "note", .flags = OR_NULL),
	M(WORD, "how", .words = "frozen|stopped", .about = "stopped: what ran was killed, because the canary was missed"),);
static const struct shape answer_shape = SHAPE(NULL, M(TEXT, "id"), M(OBJECT, "frozen", .flags = OR_NULL, .of = &frozen_shape),
	M(NUMBER, "processes", .about = "of the agent that were told now"),);

static const struct route table[] = {
	{ "POST", "/v1/agents/{id}/freeze", ROLE_OPERATOR, 0, post_freeze, "Stop every process of an agent until it is thawed",
	  "Nothing is killed, held operations stay held. It lasts over reloads and restarts; again changes nothing.",
	  .body = &note_shape, .answer = &answer_shape },
	{ "POST", "/v1/agents/{id}/thaw", ROLE_OPERATOR, 0, post_thaw, "Let the processes of an agent go on",
	  "What somebody had stopped before stays stopped.", .body = &note_shape, .answer = &answer_shape },
};

const struct routes freeze_routes = { table, ARRAY_SIZE(table), "Freezing" };
