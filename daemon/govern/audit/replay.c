// SPDX-License-Identifier: Apache-2.0
/* replay.c - see replay.h */
#include "replay.h"

#include <string.h>

#include "api/view.h"
#include "event_view.h"
#include "govern/registry/registry.h"
#include "govern/slices.h"
#include "intake.h"

#define PAGE 200
#define VERDICTS 4

struct replay {
	struct governor *g;
	struct candidate candidate;
	struct event_query query;
	uint64_t events, judged, changed[VERDICTS][VERDICTS]; /* [before][after], equal ones too */
	json_t *differences;
	json_t *rules; /* name -> operations that it decided */
	int error;
};

static void replay_free(void *work)
{
	struct replay *r = work;

	candidate_done(&r->candidate);
	event_query_done(&r->query);
	json_decref(r->differences);
	json_decref(r->rules);
	free(r);
}

/*
 * What the policy said, whatever came of it: an approved hold was a hold. NONE: the policy had no say.
 */
static enum cvf_verdict said(const struct cvf_record *r)
{
	if (r->kind == CVF_KIND_HOLD)
		return CVF_VERDICT_HOLD;
	switch (r->reason) {
	case CVF_REASON_GRANTED:
	case CVF_REASON_APPROVED:
	case CVF_REASON_DENIED:
	case CVF_REASON_TIMEOUT:
	case CVF_REASON_ABANDONED:
	case CVF_REASON_CANNOT_HOLD:
	case CVF_REASON_HOLD_LIMIT:
	case CVF_REASON_REASK_LIMIT:
	case CVF_REASON_HOLD_FAILED:
	case CVF_REASON_ARGS_TOO_LONG:
		return CVF_VERDICT_HOLD;
	case CVF_REASON_PATH_TOO_LONG:
	case CVF_REASON_UNREACHABLE:
	case CVF_REASON_ARGS_UNREADABLE:
	case CVF_REASON_ARGS_CHANGED:
	case CVF_REASON_NO_POLICY:
	case CVF_REASON_LABEL:
	case CVF_REASON_BUSY:
	case CVF_REASON_INTERNAL:
	case CVF_REASON_CANARY:
	case CVF_REASON_OWN_TREE:
		return CVF_VERDICT_NONE;
	default:
		return r->verdict;
	}
}

/* Where the kernel left an hour to the governor, its record says "hold": the declarations of then say more. */
static enum cvf_verdict before_of(struct governor *g, const struct cvf_record *record, const struct query *q)
{
	const struct model *then = record->cell_flags & CVF_CELL_ASK ? registry_model_of(g, record->generation) : NULL;
	struct answer answer;

	return then && policy_eval(then, q, &answer, NULL) == 0 ? answer.verdict : said(record);
}

static int count_rule(struct replay *r, const char *rule)
{
	json_t *count = rule ? json_object_get(r->rules, rule) : NULL;

	if (!rule)
		return 0;
	return json_object_set_new(r->rules, rule, json_integer(json_integer_value(count) + 1)) ? -ENOMEM : 0;
}

static int note(struct replay *r, const struct event_row *row, enum cvf_verdict before, const struct answer *after)
{
	json_t *one = json_object();

	if (json_array_size(r->differences) == REPLAY_DIFFERENCES_MAX) {
		json_decref(one);
		return 0;
	}
	view_set(one, "event", event_view(r->g, row));
	view_set(one, "before", view_text(verdict_word(before)));
	view_set(one, "after", view_text(verdict_word(after->verdict)));
	view_set(one, "capability", view_text(after->capability));
	view_set(one, "risk", json_string(risk_name(after->risk)));
	view_set(one, "rule", view_text(after->rule));
	view_set(one, "reason", json_string(reason_word(after->reason)));
	view_set(one, "text", view_text(after->text ? after->text : reason_sentence(after->reason)));
	return json_array_append_new(r->differences, one) ? -ENOMEM : 0;
}

static int judge(struct replay *r, const struct event_row *row, const struct query *q)
{
	enum cvf_verdict before = before_of(r->g, row->record, q);
	struct answer after;
	int result = policy_eval(r->candidate.origin.model, q, &after, NULL);

	if (result == -ENOENT) /* the agent is no more */
		return 0;
	if (result < 0)
		return result;
	r->judged++;
	r->changed[before][after.verdict]++;
	result = count_rule(r, after.rule);
	return result < 0 || before == after.verdict ? result : note(r, row, before, &after);
}

static int on_row(void *ctx, const struct event_row *row)
{
	struct replay *r = ctx;
	struct question question;
	int result = -ENODATA;

	r->query.filter.after_n = row->n;
	r->events++;
	if (said(row->record) != CVF_VERDICT_NONE)
		result = question_of_record(r->g, row->record, (time_t)(row->time_ms / 1000), &question);
	if (result == 0) {
		/* How often it was done is not recorded, but that it was too often is. */
		question.query.recent = row->record->reason == CVF_REASON_RATE ? UINT64_MAX : 0;
		question.query.session_age_s = row->record->reason == CVF_REASON_SESSION_AGE ? UINT64_MAX : 0;
		result = judge(r, row, &question.query);
		question_done(&question);
	}
	r->error = result == -ENODATA ? 0 : result;
	return r->error;
}

/* ---- the answer ---- */

static json_t *view_counts(const struct replay *r)
{
	json_t *list = json_array();

	for (unsigned int before = 1; before < VERDICTS; before++)
		for (unsigned int after = 1; after < VERDICTS; after++)
			if (r->changed[before][after])
				json_array_append_new(list, json_pack("{s:s, s:s, s:I}", "before", verdict_word(before), "after",
								      verdict_word(after), "count",
								      (json_int_t)r->changed[before][after]));
	return list;
}

/* Every rule of every policy, those that decided nothing too; of profiles the ones that decided something. */
static json_t *view_rules(const struct replay *r)
{
	const struct model *m = r->candidate.origin.model;
	json_t *all = json_object(), *list = json_array(), *count;
	const char *name;

	for (size_t i = 0; i < model_count(m, DECL_POLICY); i++) {
		const json_t *policy = model_at(m, DECL_POLICY, i), *rules = json_object_get(policy, "rules"), *rule;
		size_t k;

		json_array_foreach(rules, k, rule) {
			own_free char *text = NULL;

			if (asprintf(&text, "%s/%s", json_string_value(json_object_get(policy, "id")),
				     json_string_value(json_object_get(rule, "id"))) < 0)
				text = NULL;
			else
				json_object_set_new(all, text, json_integer(0));
		}
	}
	json_object_update(all, r->rules);
	json_object_foreach(all, name, count)
		json_array_append_new(list, json_pack("{s:s, s:O}", "rule", name, "operations", count));
	json_decref(all);
	return list;
}

static json_t *view_result(const struct replay *r)
{
	json_t *to = json_object();

	view_set(to, "since", view_time(r->query.filter.since_ms));
	view_set(to, "events", json_integer((json_int_t)r->events));
	view_set(to, "judged", json_integer((json_int_t)r->judged));
	view_set(to, "not_judged", json_integer((json_int_t)(r->events - r->judged)));
	view_set(to, "counts", view_counts(r));
	view_set(to, "differences", json_incref(r->differences));
	view_set(to, "rules", view_rules(r));
	return to;
}

static int step(struct governor *g, void *work, json_t **ret_result)
{
	struct replay *r = work;
	int64_t before = r->query.filter.after_n;
	struct event_scan scan = { 0 };
	int result = candidate_check(g, &r->candidate);

	if (result == 0 && !r->query.is_empty)
		result = event_query_each(g, &r->query, on_row, r, &scan);
	if (result == 0)
		result = r->error;
	if (scan.is_cut)
		r->query.filter.after_n = scan.last_n;
	if (result < 0)
		return result;
	if (r->query.filter.after_n > before)
		return 1;
	*ret_result = view_result(r);
	return 0;
}

/* From the oldest on, up to what is there now. */
static int set_range(struct governor *g, struct event_filter *f)
{
	f->order = EVENT_ASC;
	f->limit = PAGE;
	f->kinds = 1 << CVF_KIND_VERDICT | 1 << CVF_KIND_HOLD;
	f->before_n = intake_head(g->intake) + 1;
	f->after_n = 0;
	return event_skip_before(g, f);
}

unsigned int replay_start(struct request *q, struct candidate *take, struct event_query *take_query)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r) {
		candidate_done(take);
		event_query_done(take_query);
		return refuse(q, 500, "no-memory", NULL, "out of memory");
	}
	*r = (struct replay){.g = governor_of(q), .candidate = *take, .query = *take_query};
	r->differences = json_array();
	r->rules = json_object();
	if (set_range(r->g, &r->query.filter) < 0) {
		replay_free(r);
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read");
	}
	return slices_start(q, &(struct job){step, replay_free, r});
}
