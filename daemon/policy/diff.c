// SPDX-License-Identifier: Apache-2.0
/*
 * diff.c - see diff.h: the decisions; what the declarations say is compared in diff_words.c
 */
#include "policy/diff.h"

#include <string.h>

#include "policy/diff_parts.h"

struct diff {
	const struct model *before, *after;
	time_t now;
	json_t *changes, *decisions;
	json_t *places; /* key of a decision -> its place in decisions */
	size_t changed, judged, agents_judged, agents;
	size_t agent, at;	/* the next one: agent of `after`, operation of ops */
	struct operations *ops; /* of that agent; NULL: not collected yet */
};

int diff_new(const struct model *before, const struct model *after, time_t now, struct diff **ret_diff)
{
	own(diff) struct diff *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	*d = (struct diff){
		.before = before, .after = after, .now = now, .decisions = json_array(), .places = json_object()};
	d->changes = diff_changes(before, after);
	if (!d->changes || !d->decisions || !d->places)
		return -ENOMEM;
	*ret_diff = TAKE(d);
	return 0;
}

void diff_free(struct diff *d)
{
	if (!d)
		return;
	json_decref(d->changes);
	json_decref(d->decisions);
	json_decref(d->places);
	operations_free(d->ops);
	free(d);
}

static const char *verdict_name(const struct answer *a)
{
	static const char *const words[] = {"none", "allow", "deny", "hold"};

	return words[a->verdict];
}

static const char *outcome_words(const struct answer *a)
{
	if (a->verdict == CVF_VERDICT_HOLD)
		return a->risk == CVF_R3 ? "held for a person" : "held for approval";
	return a->verdict == CVF_VERDICT_ALLOW ? "allowed" : "denied";
}

static bool is_same(const struct answer *a, const struct answer *b)
{
	return a->verdict == b->verdict &&
	       (a->verdict != CVF_VERDICT_HOLD || (a->risk == CVF_R3) == (b->risk == CVF_R3));
}

static json_t *side(const struct answer *a)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s}", "verdict", verdict_name(a), "decision",
			 decision_name(a->decision), "capability", a->capability, "risk", risk_name(a->risk), "rule",
			 a->rule, "reason", reason_word(a->reason));
}

/* The same change for another agent is the same line. */
static int add_decision(struct diff *d, const struct operation *op, const char *agent, const struct answer *before,
			const struct answer *after)
{
	own_free char *key = NULL;
	json_t *one;

	d->changed++;
	if (asprintf(&key, "%s\n%s\n%s\n%s\n%s", op->text, outcome_words(before), outcome_words(after),
		     after->rule ? after->rule : "", after->capability) < 0) {
		key = NULL;
		return -ENOMEM;
	}
	one = json_object_get(d->places, key);
	if (one)
		return json_array_append_new(json_object_get(one, "agents"), json_string(agent)) ? -ENOMEM : 0;
	if (json_array_size(d->decisions) >= DIFF_DECISIONS_MAX)
		return 0;
	one = json_pack("{s:s, s:[s], s:o, s:o, s:o}", "operation", op->text, "agents", agent, "before", side(before),
			"after", side(after), "words",
			json_sprintf("was %s, would be %s (%s, %s%s)", outcome_words(before), outcome_words(after),
				     after->capability, after->rule ? "rule " : "no rule",
				     after->rule ? after->rule : ""));
	if (!one || json_object_set(d->places, key, one)) {
		json_decref(one);
		return -ENOMEM;
	}
	return json_array_append_new(d->decisions, one) ? -ENOMEM : 0;
}

static int judge(struct diff *d, const char *agent, const struct operation *op)
{
	struct query q = op->query;
	struct answer before, after;
	int r;

	q.agent = agent;
	q.now = d->now;
	r = policy_eval(d->before, &q, &before, NULL);
	if (r == 0)
		r = policy_eval(d->after, &q, &after, NULL);
	if (r < 0)
		return r;
	d->judged++;
	return is_same(&before, &after) ? 0 : add_decision(d, op, agent, &before, &after);
}

static const char *agent_at(const struct diff *d, size_t i)
{
	return json_string_value(json_object_get(model_at(d->after, DECL_AGENT, i), "id"));
}

/* 1: an agent with its operations is there; 0: no more agents. */
static int find_agent(struct diff *d)
{
	for (; !d->ops; d->agent++) {
		const char *id = agent_at(d, d->agent);

		if (!id)
			return 0;
		if (!model_find(d->before, DECL_AGENT, id))
			continue;
		d->agents++;
		if (d->agents_judged == DIFF_AGENTS_MAX)
			continue;
		d->ops = operations_collect(d->before, d->after, id);
		if (!d->ops)
			return -ENOMEM;
		d->at = 0;
		d->agents_judged++;
		break;
	}
	return 1;
}

int diff_step(struct diff *d, size_t n)
{
	int r = find_agent(d);

	while (r > 0 && n-- > 0) {
		if (d->at == d->ops->n) {
			operations_free(TAKE(d->ops));
			d->agent++;
			return find_agent(d);
		}
		r = judge(d, agent_at(d, d->agent), &d->ops->v[d->at++]);
		r = r < 0 ? r : 1;
	}
	return r;
}

json_t *diff_result(const struct diff *d)
{
	return json_pack("{s:O, s:O, s:I, s:I, s:I, s:I}", "changes", d->changes, "decisions", d->decisions,
			 "decisions_changed", (json_int_t)d->changed, "operations", (json_int_t)d->judged,
			 "agents_judged", (json_int_t)d->agents_judged, "agents", (json_int_t)d->agents);
}
