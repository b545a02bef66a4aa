// SPDX-License-Identifier: Apache-2.0
/* explain.c - see explain.h: /v1/events/{id}/explain, /v1/explain */
#include "explain.h"

#include <string.h>

#include "api/view.h"
#include "event_view.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"
#include "govern/registry/registry_view.h"
#include "json/doc.h"
#include "json/memory.h"

/* "policy/rule" to the rule's own words in a model; NULL: it is not there or gives none. */
static const char *rule_text(const struct model *m, const char *name)
{
	const char *slash = name ? strchr(name, '/') : NULL;
	char policy[256];
	const json_t *rules;
	json_t *rule;
	size_t i;

	if (!m || !slash || (size_t)(slash - name) >= sizeof(policy))
		return NULL;
	snprintf(policy, sizeof(policy), "%.*s", (int)(slash - name), name);
	rules = json_object_get(model_find(m, DECL_POLICY, policy), "rules");
	json_array_foreach(rules, i, rule) {
		const char *id = json_string_value(json_object_get(rule, "id"));

		if (id && strcmp(id, slash + 1) == 0)
			return json_string_value(json_object_get(rule, "reason"));
	}
	return NULL;
}

void explain_words(struct governor *g, const struct cvf_record *r, json_t *to)
{
	const struct model *m = registry_model_of(g, r->generation);
	const char *rule = numbers_table_name(g->numbers, NUMBER_RULE, r->rule);

	view_set(to, "reason_text", json_string(reason_sentence(r->reason)));
	view_set(to, "rule_text", view_text(rule_text(m, rule)));
}

static json_t *view_answer(const struct answer *a, json_t *take_trace)
{
	json_t *to = json_object();

	view_set(to, "decision", json_string(decision_name(a->decision)));
	view_set(to, "verdict", view_text(verdict_word(a->verdict)));
	view_set(to, "capability", view_text(a->capability));
	view_set(to, "risk", json_string(risk_name(a->risk)));
	view_set(to, "rule", view_text(a->rule));
	view_set(to, "reason", json_string(reason_word(a->reason)));
	view_set(to, "text", view_text(a->text ? a->text : reason_sentence(a->reason)));
	view_set(to, "in_scope", json_boolean(a->in_scope));
	view_set(to, "quorum", a->quorum.people ? json_integer(a->quorum.people) : json_null());
	view_set(to, "approvers", quorum_approvers(&a->quorum));
	view_set(to, "trace", take_trace);
	return to;
}

/* What the declarations of a model say to the operation of a record; null when that cannot be said any more. */
static json_t *evaluate(struct governor *g, const struct model *m, const struct cvf_record *r, time_t when)
{
	json_t *trace = json_array(), *result;
	struct question question;
	struct answer answer;
	int error;

	error = m ? question_of_record(g, r, when, &question) : -ENOENT;
	if (error < 0) {
		if (error == -ENOMEM)
			memory_note(); /* null would say that nothing can be said */
		json_decref(trace);
		return json_null();
	}
	error = policy_eval(m, &question.query, &answer, trace);
	if (error == 0) {
		result = view_answer(&answer, trace);
	} else {
		if (error == -ENOMEM)
			memory_note();
		json_decref(trace);
		result = json_null();
	}
	question_done(&question);
	return result;
}

struct work {
	struct governor *g;
	json_t *body;
};

static int explain_row(void *ctx, const struct event_row *row)
{
	struct work *w = ctx;
	const struct cvf_record *r = row->record;
	json_t *then;

	w->body = json_object();
	view_set(w->body, "event", event_view(w->g, row));
	explain_words(w->g, r, w->body);
	view_set(w->body, "generation", json_integer((json_int_t)r->generation));
	then = evaluate(w->g, registry_model_of(w->g, r->generation), r, (time_t)(row->time_ms / 1000));
	view_set(w->body, "trace", json_incref(json_object_get(then, "trace")));
	view_set(w->body, "then", then);
	view_set(w->body, "now", evaluate(w->g, registry_model(w->g->registry), r, time(NULL)));
	return 0;
}

unsigned int explain_event(struct request *q)
{
	struct work w = { .g = governor_of(q) };
	char id[ULID_SIZE];
	int r = ulid_normalise(q->params[0], id) ? event_table_find(w.g->store, id, explain_row, &w) : 0;

	if (r < 0)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-r));
	if (!r)
		return refuse(q, 404, "not-found", NULL, "there is no event %s", q->params[0]);
	return reply(q, 200, w.body);
}

/* Words of the request as the library wants them; NULL: no memory. Borrowed from the JSON. */
static char **read_words(const json_t *list)
{
	size_t n = json_array_size(list);
	char **words = calloc(n + 1, sizeof(*words));

	for (size_t i = 0; words && i < n; i++) {
		const char *word = json_string_value(json_array_get(list, i));

		memcpy(&words[i], &word, sizeof(word));
	}
	return words;
}

static unsigned int explain_query(struct request *q, const char *agent, char **words, size_t count)
{
	struct governor *g = governor_of(q);
	json_t *trace = json_array();
	struct diags d = { 0 };
	struct query query = { 0 };
	struct answer answer;
	unsigned int status;
	int r = query_parse(words, count, &query, &d);

	query.agent = agent;
	query.now = time(NULL);
	if (r < 0)
		status = refuse_diags(q, 422, "bad-operation", "the operation cannot be understood", &d);
	else if (policy_eval(registry_model(g->registry), &query, &answer, trace) < 0)
		status = refuse(q, 404, "not-found", "GET /v1/agents lists the agents", "there is no agent %s", agent);
	else
		status = reply(q, 200, view_answer(&answer, json_incref(trace)));
	json_decref(trace);
	diags_done(&d);
	return status;
}

static unsigned int post_explain(struct request *q)
{
	const char *own = agent_of_caller(q), *agent = body_text(q, "agent");
	const json_t *operation = json_object_get(q->object, "operation");
	own_free char **words = read_words(operation);

	if (!words)
		return refuse(q, 500, "no-memory", NULL, "out of memory");
	if (own && agent && strcmp(own, agent) != 0)
		return refuse(q, 403, "not-permitted", "leave \"agent\" out", "an agent may ask about itself only");
	if (own)
		agent = own;
	if (!agent)
		return refuse(q, 400, "bad-value", NULL, "\"agent\" is missing");
	return explain_query(q, agent, words, json_array_size(operation));
}

const struct shape answer_shape = SHAPE("judgement",
	M(TEXT, "decision"), M(TEXT, "verdict", .flags = OR_NULL), M(TEXT, "capability", .flags = OR_NULL),
	M(WORD, "risk", .words = RISK_WORDS), M(TEXT, "rule", .flags = OR_NULL), M(TEXT, "reason"), M(TEXT, "text"), M(YES_NO, "in_scope"),
	M(NUMBER, "quorum", .flags = OR_NULL, .about = "how many people must approve what is held; null: it is not"),
	M(TEXT, "approvers", .flags = MANY | OR_NULL, .about = "who may approve, where a rule names them"),
	M(ANY, "trace", .about = "what was compared, step by step"),);
static const struct shape question_shape = SHAPE(NULL,
	M(TEXT, "agent", .max = 255, .about = "on the agent socket it is the caller's own"),
	M(TEXT, "operation", .flags = NEEDED | MANY, .max = 65536, .about = "for example [\"exec\", \"/usr/bin/git\", \"push\"]"),);

static const struct route table[] = {
	{ "POST", "/v1/explain", ROLE_VIEWER, ON_CONTROL | ON_AGENT, post_explain, "What an operation of an agent would get, and why",
	  .body = &question_shape, .answer = &answer_shape },
};

const struct routes explain_routes = { table, ARRAY_SIZE(table), "Explanations" };
