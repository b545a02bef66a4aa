// SPDX-License-Identifier: Apache-2.0
/* hold_view.c - see hold_view.h */
#include "hold_view.h"

#include <fnmatch.h>
#include <string.h>

#include "answer.h"
#include "core/event.h"
#include "escalation.h"
#include "govern/agent/session_table.h"
#include "govern/audit/event_view.h"
#include "govern/audit/explain.h"
#include "govern/people/review_table.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"
#include "grant_table.h"
#include "offer.h"
#include "quorum.h"

#define LOOK_MAX 100000	/* holds of all states that are looked through for a capability */

static const char *const state_words[HOLD_STATE_MAX] = {
	[HOLD_PENDING] = "pending", [HOLD_APPROVED] = "approved",   [HOLD_DENIED] = "denied",
	[HOLD_EXPIRED] = "expired", [HOLD_ABANDONED] = "abandoned",
};

static const struct shape consent_shape = SHAPE(NULL, M(TEXT, "name"), M(TIME, "at"), M(TEXT, "note", .flags = OR_NULL),
	M(TEXT, "duties", .flags = MANY, .about = "that the person had"),);
static const struct shape offer_shape = SHAPE(NULL, M(TEXT, "scope"),
	M(TEXT, "pattern", .flags = OR_NULL, .about = "null: this question only"), M(TEXT, "covers"), M(ANY, "example"),
	M(NUMBER, "earlier", .flags = OR_NULL, .about = "how many of the agent's last questions for the capability it would have answered"),
	M(NUMBER, "earlier_of", .flags = OR_NULL),);

const struct shape hold_shape = SHAPE("hold",
	M(TEXT, "id"), M(TEXT, "agent", .flags = OR_NULL), M(TEXT, "session", .flags = OR_NULL), M(TEXT, "skill", .flags = OR_NULL),
	M(NUMBER, "pid"), M(NUMBER, "uid"), M(TEXT, "comm"), M(TEXT, "exe", .flags = OR_NULL),
	M(TEXT, "argv", .flags = MANY | OR_NULL), M(TEXT, "cwd", .flags = OR_NULL), M(TEXT, "capability", .flags = OR_NULL),
	M(WORD, "risk", .words = RISK_WORDS), M(TEXT, "decision"), M(TEXT, "operation", .flags = OR_NULL),
	M(TEXT, "object", .flags = OR_NULL), M(TEXT, "object2", .flags = OR_NULL), M(TEXT, "address", .flags = OR_NULL),
	M(TEXT, "digest"), M(TEXT, "reason"), M(TEXT, "rule", .flags = OR_NULL), M(NUMBER, "generation"),
	M(NUMBER, "args_total"), M(NUMBER, "args_count"), M(YES_NO, "args_cut"), M(YES_NO, "text_cut"),
	M(YES_NO, "redacted", .about = "secrets in its arguments were hidden before it was stored"),
	M(TEXT, "description", .flags = OR_NULL), M(TEXT, "justification", .flags = OR_NULL),
	M(OBJECT, "side_effects", .flags = OR_NULL), M(OBJECT, "compensation", .flags = OR_NULL),
	M(TEXT, "reason_text"), M(TEXT, "rule_text", .flags = OR_NULL),
	M(WORD, "state", .words = "pending|approved|denied|expired|abandoned"), M(TIME, "requested_at"), M(TIME, "expires_at", .flags = OR_NULL),
	M(TIME, "decided_at", .flags = OR_NULL), M(TEXT, "decided_by", .flags = OR_NULL), M(TEXT, "answer", .flags = OR_NULL),
	M(TEXT, "note", .flags = OR_NULL), M(TEXT, "scope", .flags = OR_NULL),
	M(NUMBER, "quorum", .flags = OR_NULL, .about = "how many people must approve it; of what is decided, null unless somebody was named or several were needed"),
	M(TEXT, "approvers", .flags = MANY | OR_NULL, .about = "users, and groups after an `@`; empty: all who have the role"),
	M(TEXT, "duties", .flags = MANY, .about = "each of which one of the people must have: `human_operator`, `compliance_officer`; empty: none"),
	M(OBJECT, "approved_by", .flags = MANY | OR_NULL, .of = &consent_shape),
	M(OBJECT, "escalation", .flags = MANY, .of = &escalation_shape, .about = "who else is asked when nobody answers; empty when it is decided"),
	M(TEXT, "review", .flags = OR_NULL | SOMETIMES, .about = "of an approval that broke the glass: the id of its review"),
	M(NUMBER, "waiting", .flags = SOMETIMES, .about = "how many processes ask this"),
	M(NUMBER, "resumed", .flags = SOMETIMES, .about = "after a decision: how many processes went on"),
	M(OBJECT, "offers", .flags = MANY | SOMETIMES, .of = &offer_shape),);

const struct shape grant_shape = SHAPE("grant",
	M(TEXT, "id"), M(TEXT, "scope"), M(TEXT, "agent", .flags = OR_NULL), M(TEXT, "session", .flags = OR_NULL),
	M(TEXT, "capability", .flags = OR_NULL), M(TEXT, "covers", .flags = OR_NULL), M(TIME, "created_at"), M(TEXT, "created_by"),
	M(TEXT, "note", .flags = OR_NULL), M(TEXT, "hold", .flags = OR_NULL), M(TEXT, "pattern", .flags = OR_NULL),
	M(TIME, "expires_at", .flags = OR_NULL), M(NUMBER, "uses_left", .flags = OR_NULL, .about = "null: any number"),
	M(TIME, "last_use", .flags = OR_NULL), M(TEXT, "operation", .flags = OR_NULL | SOMETIMES), M(TEXT, "object", .flags = OR_NULL | SOMETIMES),
	M(TEXT, "argv", .flags = MANY | OR_NULL | SOMETIMES),);

const char *hold_state_word(enum hold_state state)
{
	return state < HOLD_STATE_MAX ? state_words[state] : "pending";
}

/* What the capability's declaration tells an approver. */
static void view_capability(struct governor *g, const char *id, json_t *to)
{
	const json_t *decl = id ? model_find(registry_model(g->registry), DECL_CAPABILITY, id) : NULL;

	view_set(to, "description", json_incref(json_object_get(decl, "description")));
	view_set(to, "justification", json_incref(json_object_get(json_object_get(decl, "risk"), "justification")));
	view_set(to, "side_effects", json_incref(json_object_get(decl, "side_effects")));
	view_set(to, "compensation", json_incref(json_object_get(decl, "compensation")));
}

static void view_operation(struct governor *g, const struct cvf_record *r, json_t *to)
{
	struct text object2 = record_text(r, r->object2);
	char room[64];
	const char *capability = record_capability(g, r, room, sizeof(room));

	view_set(to, "capability", view_text(capability));
	view_set(to, "risk", json_string(risk_name(r->risk)));
	view_set(to, "decision", json_string(decision_name((enum policy_decision)r->risk)));
	view_set(to, "operation", view_text(op_name(r->op)));
	view_set(to, "object", record_object(r));
	view_set(to, "object2", object2.n ? view_bytes(object2.p, object2.n) : json_null());
	view_set(to, "address", record_address(r));
	view_set(to, "digest", view_hex(r->digest));
	view_set(to, "reason", json_string(reason_word(r->reason)));
	view_set(to, "rule", view_text(numbers_table_name(g->numbers, NUMBER_RULE, r->rule)));
	view_set(to, "generation", json_integer((json_int_t)r->generation));
	view_set(to, "args_total", json_integer(r->args_total));
	view_set(to, "args_count", json_integer(r->args_count));
	view_set(to, "args_cut", json_boolean(r->flags & CVF_REC_ARGS_CUT));
	view_set(to, "text_cut", json_boolean(r->flags & CVF_REC_TEXT_CUT));
	view_set(to, "redacted", json_boolean(r->flags & CVF_REC_REDACTED));
	view_capability(g, capability, to);
	explain_words(g, r, to);
}

static void view_decision(const struct hold *h, json_t *to)
{
	bool is_decided = h->state != HOLD_PENDING;

	view_set(to, "state", json_string(hold_state_word(h->state)));
	view_set(to, "requested_at", view_time(h->requested_ms));
	view_set(to, "expires_at", view_time(h->expires_ms));
	view_set(to, "decided_at", is_decided ? view_time(h->decided_ms) : json_null());
	view_set(to, "decided_by", is_decided ? view_text(h->decided_by) : json_null());
	view_set(to, "answer", is_decided && h->reason ? json_string(reason_word(h->reason)) : json_null());
	view_set(to, "note", *h->note ? view_text(h->note) : json_null());
	view_set(to, "scope", *h->scope ? view_text(h->scope) : json_null());
}

static json_t *view(struct governor *g, const struct hold *h)
{
	const struct cvf_record *r = h->record;
	json_t *to = json_object();

	view_set(to, "id", json_string(h->id));
	view_set(to, "agent", view_text(numbers_table_name(g->numbers, NUMBER_AGENT, h->agent)));
	view_set(to, "session", record_session(g, h->boot, r));
	view_set(to, "skill", record_skill(g, h->boot, r));
	view_set(to, "pid", json_integer(r->pid));
	view_set(to, "uid", json_integer(r->uid));
	view_set(to, "comm", view_bytes(r->comm, strnlen(r->comm, sizeof(r->comm))));
	record_program(g, h->boot, r, to);
	view_operation(g, r, to);
	view_decision(h, to);
	quorum_view(g, h, to);
	view_set(to, "escalation", escalation_view(g, h));
	return to;
}

struct listing {
	struct governor *g;
	json_t *list;
	struct hold_list shown;	/* in the order of list */
	bool is_joined;
	const char *capability;	/* pattern; NULL: all */
	bool has_offers;
};

/* An earlier one of the list asks the same. */
static bool join(struct listing *l, const struct hold *h)
{
	for (size_t i = 0; i < l->shown.n; i++) {
		json_t *first = json_array_get(l->list, i);

		if (!approval_same_question(&l->shown.v[i], h))
			continue;
		view_set(first, "waiting", json_integer(json_integer_value(json_object_get(first, "waiting")) + 1));
		return true;
	}
	return false;
}

/* The name that an approver sees, "unregistered.read" too. */
static bool is_wanted(const struct listing *l, const struct hold *h)
{
	char room[64];
	const char *name = l->capability ? record_capability(l->g, h->record, room, sizeof(room)) : NULL;

	return !l->capability || (name && fnmatch(l->capability, name, 0) == 0);
}

static int add(void *ctx, const struct hold *h)
{
	struct listing *l = ctx;
	json_t *one;
	int r;

	if (!is_wanted(l, h))
		return 0;
	if (l->is_joined && join(l, h))
		return 0;
	r = hold_list_add(&l->shown, h);
	if (r < 0)
		return r;
	one = view(l->g, h);
	view_set(one, "waiting", json_integer(h->state == HOLD_PENDING));
	json_array_append_new(l->list, one);
	return 0;
}

/* What is worst comes first; within a level the oldest, which is how they came. */
static json_t *sort_by_risk(json_t *take_list)
{
	json_t *sorted = json_array(), *one;
	size_t i;

	for (int risk = CVF_R3; sorted && risk >= CVF_R0; risk--)
		json_array_foreach(take_list, i, one)
			if (strcmp(json_string_value(json_object_get(one, "risk")), risk_name((enum cvf_risk)risk)) == 0)
				json_array_append(sorted, one);
	json_decref(take_list);
	return sorted;
}

json_t *holds_view(struct governor *g, const struct hold_filter *f)
{
	struct listing l = { .g = g, .list = json_array(), .is_joined = !f->all_states, .capability = f->capability };
	struct hold_filter all = *f;

	if (l.is_joined || l.capability)
		all.limit = l.is_joined ? INT64_MAX : LOOK_MAX; /* the limit counts what is shown */
	if (hold_table_each(g->store, &all, add, &l) < 0) {
		json_decref(l.list);
		l.list = NULL;
	}
	hold_list_done(&l.shown);
	if (l.is_joined && l.list)
		l.list = sort_by_risk(l.list);
	while (json_array_size(l.list) > (size_t)f->limit)
		json_array_remove(l.list, json_array_size(l.list) - 1);
	return l.list;
}

static int set_review(void *ctx, const struct review *r)
{
	view_set(ctx, "review", json_string(r->id));
	return 0;
}

static int view_one(void *ctx, const struct hold *h)
{
	struct listing *l = ctx;

	int r = hold_list_add(&l->shown, h);

	l->list = view(l->g, h);
	if (h->state != HOLD_PENDING && review_table_find_hold(l->g->store, h->id, set_review, l->list) <= 0)
		view_set(l->list, "review", json_null());
	if (l->has_offers && h->state == HOLD_PENDING)
		view_set(l->list, "offers", offers_view(l->g, h)); /* last: it looks at other holds */
	return r;
}

static json_t *view_id(struct governor *g, const char *id, bool has_offers)
{
	struct listing l = { .g = g, .has_offers = has_offers };
	int64_t waiting = 0;

	if (hold_table_find(g->store, id, view_one, &l) <= 0 || !l.shown.n) {
		json_decref(l.list);
		return NULL;
	}
	if (l.shown.v[0].state == HOLD_PENDING && hold_table_count_same(g->store, &l.shown.v[0], &waiting) < 0)
		waiting = 1;
	view_set(l.list, "waiting", json_integer(waiting));
	hold_list_done(&l.shown);
	return l.list;
}

json_t *hold_view_id(struct governor *g, const char *id)
{
	return view_id(g, id, false);
}

json_t *hold_view_offers(struct governor *g, const char *id)
{
	return view_id(g, id, true);
}

static int add_operation(void *ctx, const struct hold *h)
{
	struct listing *l = ctx;
	const struct cvf_record *r = h->record;
	struct text args = record_text(r, r->args);

	view_set(l->list, "operation", view_text(op_name(r->op)));
	view_set(l->list, "object", record_object(r));
	view_set(l->list, "argv", args.n ? record_args(args.p, args.n) : json_null());
	return 0;
}

static int add_grant(void *ctx, const struct grant *grant)
{
	struct listing *l = ctx, operation = { .g = l->g, .list = json_object() };
	json_t *to = operation.list;
	char session[ULID_SIZE] = "";

	if (session_table_find(l->g->store, grant->boot, grant->session, session) < 0)
		session[0] = 0;
	view_set(to, "id", json_string(grant->id));
	view_set(to, "scope", json_string(grant->scope));
	view_set(to, "agent", view_text(numbers_table_name(l->g->numbers, NUMBER_AGENT, grant->agent)));
	view_set(to, "session", *session ? json_string(session) : json_null());
	view_set(to, "capability", view_text(numbers_table_name(l->g->numbers, NUMBER_CAPABILITY, grant->capability)));
	view_set(to, "covers", view_text(grant->covers));
	view_set(to, "created_at", view_time(grant->made_ms));
	view_set(to, "created_by", view_text(grant->made_by));
	view_set(to, "note", *grant->note ? view_text(grant->note) : json_null());
	view_set(to, "hold", json_string(grant->hold));
	view_set(to, "pattern", *grant->pattern ? view_text(grant->pattern) : json_null());
	view_set(to, "expires_at", view_time(grant->expires_ms));
	view_set(to, "uses_left", grant->uses_left < 0 ? json_null() : json_integer(grant->uses_left));
	view_set(to, "last_use", view_time(grant->last_use_ms));
	json_array_append_new(l->list, to);
	return hold_table_find(l->g->store, grant->hold, add_operation, &operation) < 0;
}

json_t *grants_view(struct governor *g, uint32_t agent)
{
	struct listing l = { .g = g, .list = json_array() };

	if (grant_table_each(g->store, agent, add_grant, &l) < 0) {
		json_decref(l.list);
		return NULL;
	}
	return l.list;
}
