// SPDX-License-Identifier: Apache-2.0
/* quorum.c - see quorum.h */
#include "quorum.h"

#include <string.h>

#include "api/view.h"
#include "approver.h"
#include "consent_table.h"
#include "govern/audit/event_view.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"
#include "json/doc.h"

/* What was cut off cannot be judged again: the rule that held it knows, unless it left the outcome to an hour. */
static void quorum_of_rule(struct governor *g, const struct cvf_record *r, struct quorum *ret_quorum)
{
	const char *rule = numbers_table_name(g->numbers, NUMBER_RULE, r->rule);

	if (r->reason == CVF_REASON_ASK_GOVERNOR)
		rule = NULL;
	else if (!rule)
		return;
	if (policy_quorum(registry_model(g->registry), rule, ret_quorum) < 0)
		ret_quorum->people = UINT32_MAX; /* out of memory: nobody suffices now */
}

static void quorum_of_rules(struct governor *g, const struct hold *h, struct quorum *ret_quorum)
{
	struct question q;
	struct answer a = { 0 };

	/* Mostly no rule names anybody, and lists are long. */
	if (policy_quorum(registry_model(g->registry), NULL, ret_quorum) == 0 && quorum_is_plain(ret_quorum))
		return;
	*ret_quorum = (struct quorum){ .people = 1 };
	if (question_of_hold(g, h->record, time(NULL), &q) < 0) {
		quorum_of_rule(g, h->record, ret_quorum);
		return;
	}
	if (h->cell_flags & CVF_CELL_OVER)
		q.query.recent = q.query.session_age_s = UINT64_MAX;
	if (policy_eval(registry_model(g->registry), &q.query, &a, NULL) < 0)
		quorum_of_rule(g, h->record, ret_quorum);
	else if (a.quorum.people)
		*ret_quorum = a.quorum;
	question_done(&q);
}

void quorum_of_hold(struct governor *g, const struct hold *h, struct quorum *ret_quorum)
{
	quorum_of_rules(g, h, ret_quorum);
	ret_quorum->of_both_duties = g->settings.critical_people > 1 && approval_needs_human(h);
	if (ret_quorum->of_both_duties && ret_quorum->people < g->settings.critical_people)
		ret_quorum->people = g->settings.critical_people;
}

/* "@release, alice"; "another approver" when nobody is named. malloc'ed, NULL: out of memory. */
static char *names_text(const struct quorum *quorum)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < quorum->approvers_count; i++)
		fprintf(out, "%s%s", i ? ", " : "one of ", quorum->approvers[i]);
	if (quorum->of_both_duties)
		fprintf(out, "%sa human_operator and a compliance_officer", quorum->approvers_count ? "; " : "");
	else if (!quorum->approvers_count)
		fputs("an approver", out);
	return fclose(out) == 0 ? text : NULL;
}

/* ---- who has approved ---- */

struct tally {
	const char *approvers;	/* text of those who are asked now */
	uid_t caller;
	bool has_caller;
	unsigned int people;
	unsigned int operators, officers;	/* people of each duty */
	unsigned int on_duty;			/* people of one of them or both */
};

/* Two distinct people, one for each duty, however many each of them has. */
static bool has_enough(const struct tally *t, const struct quorum *quorum)
{
	if (t->people < quorum->people)
		return false;
	return !quorum->of_both_duties || (t->operators && t->officers && t->on_duty > 1);
}

static int count(void *ctx, const struct consent *c)
{
	struct tally *t = ctx;

	if (strcmp(c->approvers, t->approvers) != 0)
		return 0;
	t->people++;
	t->operators += (c->duties & ROLE_HUMAN_OPERATOR) != 0;
	t->officers += (c->duties & ROLE_COMPLIANCE_OFFICER) != 0;
	t->on_duty += c->duties != 0;
	t->has_caller |= c->uid == t->caller;
	return 0;
}

static int tally(struct request *q, const char *id, const struct quorum *quorum, struct tally *ret_tally)
{
	own_json json_t *list = quorum_approvers(quorum);
	own_free char *text = json_dumps(list, JSON_COMPACT);
	int r;

	*ret_tally = (struct tally){ .approvers = text, .caller = caller_of(q)->uid };
	if (!text)
		return -ENOMEM;
	r = consent_table_each(governor_of(q)->store, id, count, ret_tally);
	ret_tally->approvers = NULL;
	return r;
}

struct asked {
	struct request *q;
	const struct quorum *quorum;
	bool is_asked;
};

static int look(void *ctx, const struct hold *h)
{
	struct asked *a = ctx;

	a->is_asked = approver_is_asked(governor_of(a->q), caller_of(a->q), a->q->peer, h, a->quorum);
	return 0;
}

static bool is_asked(struct request *q, const char *id, const struct quorum *quorum)
{
	struct asked a = { .q = q, .quorum = quorum };

	return hold_table_find(governor_of(q)->store, id, look, &a) > 0 && a.is_asked;
}

unsigned int quorum_check(struct request *q, const char *id, const struct decision *d, const struct quorum *quorum)
{
	const char *name = caller_of(q)->name;
	own_free char *who = names_text(quorum), *hint = NULL;
	struct tally t;

	if (quorum->approvers_count && !is_asked(q, id, quorum))
		return refuse(q, 403, "not-an-approver", who, "%s is none of those who may approve hold %s", name, id);
	if (strcmp(d->scope, "once") != 0)
		return refuse(q, 409, "once-only", "approve it with scope once",
			      "hold %s leaves no grant: its rule says who must approve each time", id);
	if (tally(q, id, quorum, &t) < 0)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the approvals so far cannot be read");
	if (!t.has_caller || has_enough(&t, quorum))
		return 0;
	if (asprintf(&hint, "%u of %u have approved; %s must approve it, too", t.people, quorum->people, who ? who : "somebody") < 0)
		hint = NULL;
	return refuse(q, 409, "approved-already", hint, "%s has approved hold %s already", name, id);
}

int quorum_consent(struct request *q, const char *id, const struct decision *d, const struct quorum *quorum)
{
	struct store *s = governor_of(q)->store;
	own_json json_t *list = quorum_approvers(quorum);
	own_free char *text = json_dumps(list, JSON_COMPACT);
	struct consent c = { .hold = id, .uid = caller_of(q)->uid, .name = caller_of(q)->name, .note = d->note,
			     .at_ms = clock_utc_ms(), .people = quorum->people, .approvers = text,
			     .duties = caller_duties(caller_of(q)) };
	struct tally t;
	int r = text ? store_begin(s, STORE_DURABLE) : -ENOMEM;

	if (r < 0)
		return r;
	r = consent_table_add(s, &c);
	if (r == 0)
		r = store_commit(s);
	if (r < 0) {
		store_rollback(s);
		return r;
	}
	r = tally(q, id, quorum, &t);
	return r < 0 ? r : has_enough(&t, quorum);
}

/* ---- as JSON ---- */

struct listing {
	const char *approvers;	/* NULL: whoever was asked then */
	json_t *to, *list;
};

static json_t *view_duties(unsigned int duties)
{
	json_t *list = json_array();

	for (unsigned int bit = ROLE_HUMAN_OPERATOR; bit <= ROLE_COMPLIANCE_OFFICER; bit <<= 1)
		if (duties & bit)
			json_array_append_new(list, json_string(role_word((enum role)bit)));
	return list;
}

static int add(void *ctx, const struct consent *c)
{
	struct listing *l = ctx;
	json_t *one;

	if (l->approvers && strcmp(c->approvers, l->approvers) != 0)
		return 0;
	if (!l->approvers) {
		view_set(l->to, "quorum", json_integer(c->people));
		view_set(l->to, "approvers", json_loads(c->approvers, 0, NULL));
	}
	one = json_object();
	view_set(one, "name", view_text(c->name));
	view_set(one, "at", view_time(c->at_ms));
	view_set(one, "note", view_text(c->note));
	view_set(one, "duties", view_duties(c->duties));
	json_array_append_new(l->list, one);
	return 0;
}

/* While it waits, what the rules of now want; later, what was wanted of those who approved. */
void quorum_view(struct governor *g, const struct hold *h, json_t *to)
{
	struct quorum quorum = { .people = 1 };
	own_free char *text = NULL;
	struct listing l = { .to = to, .list = json_array() };

	if (h->state == HOLD_PENDING)
		quorum_of_hold(g, h, &quorum);
	view_set(to, "quorum", h->state == HOLD_PENDING ? json_integer(quorum.people) : json_null());
	view_set(to, "approvers", quorum_approvers(&quorum));
	view_set(to, "duties", view_duties(quorum.of_both_duties ? ROLE_DUTIES : 0));
	if (h->state == HOLD_PENDING)
		text = json_dumps(json_object_get(to, "approvers"), JSON_COMPACT);
	l.approvers = text;
	if (consent_table_each(g->store, h->id, add, &l) < 0) {
		json_decref(l.list);
		l.list = NULL;
	}
	view_set(to, "approved_by", l.list);
}
