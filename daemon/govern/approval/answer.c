// SPDX-License-Identifier: Apache-2.0
/* answer.c - see answer.h */
#include "answer.h"

#include <string.h>

#include "core/log.h"
#include "govern/audit/event_view.h"
#include "govern/people/review_table.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"
#include "grant.h"
#include "grant_table.h"
#include "govern/quarantine/quarantine.h"
#include "quorum.h"

int hold_list_add(struct hold_list *l, const struct hold *h)
{
	struct hold *grown = reallocarray(l->v, l->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	l->v = grown;
	l->v[l->n] = *h;
	l->v[l->n++].record = NULL;
	return 0;
}

void hold_list_done(struct hold_list *l)
{
	free(l->v);
	*l = (struct hold_list){ 0 };
}

static int copy(void *ctx, const struct hold *h)
{
	*(struct hold *)ctx = *h;
	return 0;
}

int hold_copy_no(struct governor *g, uint64_t hold_no, struct hold *ret_hold)
{
	return hold_table_find_no(g->store, g->boot, hold_no, copy, ret_hold);
}

/* 1: the task went on; 0: nobody waits there any more; negative: cvfd did not get it. */
static int send_answer(struct governor *g, const struct hold *h)
{
	struct wire_answer message = { .digest = h->digest, .hold_no = h->hold_no, .answer = h->answer, .reason = h->reason };
	struct wire_reply reply;
	int r = link_call(g->link, WIRE_ANSWER, &message, -1, &reply);

	if (r < 0)
		return r;
	if (reply.error == 0)
		return reply.value != 0;
	return reply.error == -ENOENT || reply.error == -ESTALE ? 0 : reply.error;
}

/* Kept until the RESUME of the task notes it in its own transaction, else the next tick; without memory it is noted now. */
static bool remember_met(struct governor *g, const struct hold *h)
{
	struct approvals *a = g->approvals;
	uint64_t *grown = reallocarray(a->met, a->met_count + 1, sizeof(*grown));

	if (!grown)
		return false;
	a->met = grown;
	a->met[a->met_count++] = h->hold_no;
	return true;
}

static bool has_met(const struct governor *g, const struct hold *h)
{
	const struct approvals *a = g->approvals;

	for (size_t i = 0; i < a->met_count; i++)
		if (a->met[i] == h->hold_no)
			return true;
	return false;
}

/* An approval that met nobody is no approval: whoever reads the list must see that nothing ran. */
static int note_sent(struct governor *g, const struct hold *h, bool met)
{
	int r = store_begin(g->store, STORE_BATCH);

	if (r == 0)
		r = !met && h->state == HOLD_APPROVED ? hold_table_set_state(g->store, h->id, HOLD_ABANDONED)
							  : hold_table_set_answered(g->store, h->id);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r;
}

static int copy_record(void *ctx, const struct hold *h)
{
	memcpy(ctx, h->record, h->record->size);
	return 0;
}

/* What an approval lets go is kept first. 0 also when nothing is to be kept. */
static int keep_first(struct governor *g, const struct hold *h)
{
	static struct cvf_record record;
	int r;

	if (h->answer != CVF_VERDICT_ALLOW || !(h->cell_flags & CVF_CELL_KEEP))
		return 0;
	r = hold_table_find(g->store, h->id, copy_record, &record);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return quarantine_is_due(&record) ? quarantine_keep(g, &record) : 0;
}

/* An approval that cannot be carried out is none, whoever approved. */
static int overrule(struct governor *g, const struct hold *h, enum hold_state state, enum cvf_reason reason)
{
	struct hold refused = *h;
	int r = store_begin(g->store, STORE_BATCH);

	refused.state = state;
	refused.answer = CVF_VERDICT_DENY;
	refused.reason = reason;
	if (r == 0)
		r = hold_table_overrule(g->store, &refused);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0) {
		store_rollback(g->store);
		return r;
	}
	r = send_answer(g, &refused);
	if (r >= 0 && note_sent(g, &refused, r) < 0)
		log_warning("hold %s is answered, but the store cannot note it", h->id);
	return r < 0 ? r : -EREMOTEIO;
}

/* The second clock: who approved meant now, not whenever the enforcer can be reached again. */
static bool is_void(const struct governor *g, const struct hold *h)
{
	return h->answer == CVF_VERDICT_ALLOW && clock_utc_ms() - h->decided_ms > g->settings.use_s * 1000;
}

/*
 * The same as send_answer(), and the row says so. That the row may lag behind only means that the answer is sent twice.
 * -EREMOTEIO: what it takes away could not be kept first, so it is refused.
 */
static int send_and_note(struct governor *g, const struct hold *h)
{
	int r, noted;

	if (is_void(g, h))
		return overrule(g, h, HOLD_EXPIRED, CVF_REASON_TIMEOUT);
	r = keep_first(g, h);
	if (r < 0)
		return overrule(g, h, HOLD_DENIED, CVF_REASON_NOT_KEPT);
	r = send_answer(g, h);

	if (r < 0) {
		if (!link_is_closed(g->link))
			log_error("the enforcer did not take the answer to hold %s: %s; it is sent again", h->id, strerror(-r));
		return r;
	}
	if (r > 0 && remember_met(g, h))
		return r;
	noted = note_sent(g, h, r);
	if (noted < 0)
		log_warning("hold %s is answered, but the store cannot note it: %s", h->id, strerror(-noted));
	return r;
}

static int collect(void *ctx, const struct hold *h)
{
	return hold_list_add(ctx, h);
}

int answer_send_due(struct governor *g)
{
	struct approvals *a = g->approvals;
	struct hold_list list = { 0 };
	size_t had = a->met_count;
	int r = hold_table_each_unanswered(g->store, g->boot, collect, &list);

	for (size_t i = 0; (r >= 0 || r == -EREMOTEIO) && i < list.n; i++)
		r = has_met(g, &list.v[i]) ? note_sent(g, &list.v[i], true) : send_and_note(g, &list.v[i]);
	hold_list_done(&list);
	if (r >= 0 && had) { /* the rows of those say so by now; what met its task just now has time until the next tick */
		a->met_count -= had;
		memmove(a->met, a->met + had, a->met_count * sizeof(*a->met));
	}
	return r < 0 && r != -EREMOTEIO ? r : 0;
}

static void fill(struct hold *h, enum hold_state state, enum cvf_reason reason, const struct decision *d)
{
	h->state = state;
	h->reason = reason;
	h->answer = d->answer;
	h->is_answered = false;
	h->decided_ms = d->time_ms ? d->time_ms : clock_utc_ms();
	snprintf(h->decided_by, sizeof(h->decided_by), "%s", d->by);
	snprintf(h->note, sizeof(h->note), "%s", d->note ? d->note : "");
	snprintf(h->scope, sizeof(h->scope), "%s", d->scope ? d->scope : "");
}

/* What a decision leaves besides: grants, a review. */
struct grant_change {
	const struct grant *add;	/* NULL: none */
	const char *used;		/* id of one with a pattern; NULL: none */
	const struct review *review;	/* of an approval that breaks the glass; NULL: none */
};

/*
 * Every hold of the list, and what comes with them (NULL: nothing), in one durable transaction. While records cannot
 * be stored nothing is released, even if there is room for this one row: what it does next would go unrecorded.
 */
static int decide_all(struct governor *g, const struct hold_list *list, const struct grant_change *grants)
{
	bool releases = list->n && list->v[0].answer == CVF_VERDICT_ALLOW;
	int r = releases && *g->store_problem ? -EIO : store_begin(g->store, STORE_DURABLE);

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		r = hold_table_decide(g->store, &list->v[i]);
		r = r < 0 ? r : 0;
	}
	if (r == 0 && grants && grants->add)
		r = grant_table_add(g->store, grants->add);
	if (r == 0 && grants && grants->used)
		r = grant_table_use_id(g->store, grants->used, clock_utc_ms()) == 1 ? 0 : -EAGAIN;
	if (r == 0 && grants && grants->review)
		r = review_table_add(g->store, grants->review);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r;
}

static int answer_using(struct governor *g, const struct hold *decided, const struct grant_change *grants)
{
	struct hold copied = *decided;
	struct hold_list one = { &copied, 1 };
	int r = decide_all(g, &one, grants);

	if (r < 0)
		return r;
	(void)!send_and_note(g, decided); /* sent again by the next tick */
	return 0;
}

int answer_one(struct governor *g, const struct hold *h, enum hold_state state, enum cvf_reason reason,
	       const struct decision *d)
{
	struct hold decided = *h;

	fill(&decided, state, reason, d);
	return answer_using(g, &decided, NULL);
}

struct same {
	const struct hold *as;
	struct hold_list list;
	const struct decision *d;
};

static int add_same(void *ctx, const struct hold *h)
{
	struct same *s = ctx;
	bool is_approved = s->d->answer == CVF_VERDICT_ALLOW;
	struct hold one = *h;

	if (h->agent != s->as->agent)
		return 0;
	if (s->d->scope && strcmp(s->d->scope, "session") == 0 && h->session != s->as->session)
		return 0; /* the approver spoke of one session */
	fill(&one, is_approved ? HOLD_APPROVED : HOLD_DENIED, is_approved ? CVF_REASON_APPROVED : CVF_REASON_DENIED, s->d);
	return hold_list_add(&s->list, &one);
}

/* 0 when at least one answer met its task, -ESRCH when none did, else the first error. */
static int send_all(struct governor *g, const struct hold_list *list, unsigned int *ret_resumed)
{
	int error = 0;

	*ret_resumed = 0;
	for (size_t i = 0; i < list->n; i++) {
		int r = send_and_note(g, &list->v[i]);

		if (r < 0 && !error)
			error = r;
		*ret_resumed += r > 0;
	}
	if (error)
		return error;
	return *ret_resumed ? 0 : -ESRCH;
}

static int decide_question(struct governor *g, const struct hold *h, const struct decision *d, unsigned int *ret_resumed)
{
	bool leaves_grant = d->answer == CVF_VERDICT_ALLOW && d->scope && strcmp(d->scope, "once") != 0;
	struct decision at_once = *d;	/* one answer has one moment, however many processes wait for it */
	struct same same = { .as = h, .d = &at_once };
	struct grant grant = { 0 };
	struct review review = { .hold = h->id, .uid = d->uid, .name = d->by, .reason = d->glass };
	struct grant_change change = { .add = leaves_grant ? &grant : NULL, .review = d->glass ? &review : NULL };
	char review_id[ULID_SIZE];
	int r = 0;

	at_once.time_ms = review.opened_ms = clock_utc_ms();
	ulid_next(&g->ids, (uint64_t)review.opened_ms, review_id);
	review.id = review_id;
	if (leaves_grant)
		r = grant_make(g, h, d, &grant); /* before the walk, which moves h->record */
	if (r == 0)
		r = hold_table_each_same(g->store, h, add_same, &same);
	if (r == 0)
		r = decide_all(g, &same.list, &change) < 0 ? -EIO : 0;
	if (r == 0)
		r = send_all(g, &same.list, ret_resumed);
	if (leaves_grant && (r == 0 || r == -ESRCH) && grant_send(g, &grant) < 0)
		log_error("the enforcer did not take grant %s: it is sent again when it restarts", grant.id);
	free(grant.covers);
	hold_list_done(&same.list);
	return r;
}

int approval_decide(struct governor *g, const char *id, const struct decision *d, unsigned int *ret_resumed)
{
	struct hold h;
	int r = hold_table_find(g->store, id, copy, &h);

	if (r <= 0)
		return r < 0 ? -EIO : -ENOENT;
	if (h.state != HOLD_PENDING || h.boot != g->boot)
		return -EALREADY;
	r = decide_question(g, &h, d, ret_resumed);
	if (r == 0 && d->scope && strcmp(d->scope, "once") != 0)
		approval_on_policy(g); /* what else waits may be covered by the grant */
	return r;
}

static const enum cvf_reason judged_reasons[] = {
	CVF_REASON_APPROVAL, CVF_REASON_HUMAN, CVF_REASON_UNREGISTERED, CVF_REASON_POLICY_APPROVAL, CVF_REASON_ASK_GOVERNOR,
};

static bool is_judged(const struct hold *h)
{
	for (size_t i = 0; i < ARRAY_SIZE(judged_reasons); i++)
		if (h->record->reason == judged_reasons[i])
			return true;
	return false;
}

/*
 * Only what the tables decided is judged again here, and only when the answer can differ: other rules, or a condition that
 * the kernel left to us. What the kernel held for what it saw (arguments too long to judge) stays with a person.
 */
static bool may_judge(struct governor *g, const struct hold *h)
{
	if (!(h->cell_flags & CVF_CELL_ASK) && h->record->generation == registry_generation(g->registry))
		return false;
	return is_judged(h);
}

static enum cvf_verdict judge(struct governor *g, const struct hold *h, struct answer *ret_answer)
{
	enum cvf_verdict verdict = CVF_VERDICT_HOLD;
	struct question q;

	if (!may_judge(g, h) || question_of_hold(g, h->record, time(NULL), &q) < 0)
		return CVF_VERDICT_HOLD;
	if (h->cell_flags & CVF_CELL_OVER)
		q.query.recent = q.query.session_age_s = UINT64_MAX;
	if (policy_eval(registry_model(g->registry), &q.query, ret_answer, NULL) == 0)
		verdict = ret_answer->mode == CVF_MODE_ENFORCE ? ret_answer->verdict : CVF_VERDICT_ALLOW;
	question_done(&q);
	/* A rule may refuse what is CRITICAL; only a person lets it go on. */
	if (verdict == CVF_VERDICT_ALLOW && (approval_needs_human(h) || ret_answer->risk >= CVF_R3))
		return CVF_VERDICT_HOLD;
	return verdict;
}

/* It may have been asked before there was a rule that says who approves it. */
static bool has_approvers(struct governor *g, const struct hold *h)
{
	struct quorum quorum;

	quorum_of_hold(g, h, &quorum);
	return !quorum_is_plain(&quorum);
}

/* A grant that was on its way when the question was asked; counted ones are left to the kernel, which counts. */
static bool is_granted(struct governor *g, const struct hold *h, char by[64])
{
	return !approval_leaves_no_grant(h) && grant_covers(g, h, by) && !has_approvers(g, h);
}

/* 1: a grant with a pattern answered it, and its use is written with the answer. */
static int answer_by_pattern(struct governor *g, const struct hold *h)
{
	struct decision d = { .answer = CVF_VERDICT_ALLOW };
	struct hold decided = *h;
	char id[ULID_SIZE], by[64];
	int r;

	if (approval_leaves_no_grant(h) || !(is_judged(h) || h->record->reason == CVF_REASON_RATE))
		return 0; /* a limit of how often is answered by grants that were made because of one, see is_for() in grant.c */
	r = grant_find_pattern(g, h, id);
	if (r <= 0 || has_approvers(g, h))
		return r < 0 ? r : 0;
	snprintf(by, sizeof(by), "grant %s", id);
	d.by = by;
	fill(&decided, HOLD_APPROVED, CVF_REASON_GRANTED, &d);
	r = answer_using(g, &decided, &(struct grant_change){ .used = id });
	return r == -EAGAIN ? 0 : r < 0 ? r : 1;
}

#define HOUR_MS 3600000

/* More questions than people should be asked: how many of them within an hour is the capability's, or the settings', to say. */
static bool is_over_budget(struct governor *g, const struct hold *h)
{
	const char *id = numbers_table_name(g->numbers, NUMBER_CAPABILITY, h->record->capability);
	const json_t *decl = id ? model_find(registry_model(g->registry), DECL_CAPABILITY, id) : NULL;
	int64_t most = json_integer_value(json_object_get(json_object_get(decl, "hold"), "questions_per_hour")), asked;

	if (!most)
		most = g->settings.questions_per_hour;
	return most && hold_table_count_questions(g->store, h, h->requested_ms - HOUR_MS, &asked) == 0 && asked >= most;
}

/* What no rule decides: a grant with a pattern, or nobody is asked any more, or it waits. */
static int answer_what_stays(struct governor *g, const struct hold *h)
{
	struct decision d = { .answer = CVF_VERDICT_DENY, .by = "budget" };
	int r = answer_by_pattern(g, h);

	if (r)
		return r < 0 ? r : 0;
	return is_over_budget(g, h) ? answer_one(g, h, HOLD_DENIED, CVF_REASON_QUESTION_BUDGET, &d) : 0;
}

int answer_by_rule(struct governor *g, const struct hold *listed)
{
	struct decision d = { .answer = CVF_VERDICT_ALLOW };
	struct answer a = { 0 };
	struct hold h;
	char by[64];
	enum cvf_verdict verdict;
	int r = hold_copy_no(g, listed->hold_no, &h);

	if (r <= 0 || h.state != HOLD_PENDING)
		return r < 0 ? r : 0;
	d.by = by;
	if (is_granted(g, &h, by))
		return answer_one(g, &h, HOLD_APPROVED, CVF_REASON_GRANTED, &d);
	verdict = judge(g, &h, &a);
	if (verdict != CVF_VERDICT_ALLOW && verdict != CVF_VERDICT_DENY)
		return answer_what_stays(g, &h);
	snprintf(by, sizeof(by), "policy%s%s", a.rule ? " " : "", a.rule ? a.rule : "");
	d.answer = verdict;
	d.note = a.text;
	if (verdict == CVF_VERDICT_ALLOW)
		return answer_one(g, &h, HOLD_APPROVED, CVF_REASON_POLICY_ALLOW, &d);
	return answer_one(g, &h, HOLD_DENIED, CVF_REASON_POLICY_DENY, &d);
}
