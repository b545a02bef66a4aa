// SPDX-License-Identifier: Apache-2.0
/* approval_api.c - /v1/approvals, /v1/grants */
#include <string.h>

#include "api/route.h"
#include "approval.h"
#include "govern/find.h"
#include "approver.h"
#include "grant.h"
#include "govern/people/factor.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry_view.h"
#include "hold_view.h"
#include "quorum.h"
#include "stats.h"

#define NOTE_MAX 500
#define FOREVER_S (366LL * 86400)

static unsigned int find_hold(struct request *q, char ret_id[ULID_SIZE])
{
	return find_by_prefix(q, hold_table_find_prefix, "there is no hold", "GET /v1/approvals lists the holds", ret_id);
}

static unsigned int get_holds(struct request *q)
{
	struct governor *g = governor_of(q);
	const char *agent = query_text(q, "agent");
	struct hold_filter f = { .boot = g->boot, .limit = INT64_MAX, .capability = query_text(q, "capability") };
	json_t *list;

	f.all_states = strcmp(query_text(q, "state"), "all") == 0;
	if (f.all_states) { /* of what ended there may be any number */
		f.limit = query_number(q, "limit") + 1;
		f.before = query_text(q, "cursor");
	}
	f.agent = agent ? numbers_table_find(g->numbers, NUMBER_AGENT, agent) : 0;
	list = agent && !f.agent ? json_array() : holds_view(g, &f);
	if (!list)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read");
	return f.all_states ? reply_page(q, "holds", list) : reply_list(q, "holds", list);
}

static unsigned int get_hold(struct request *q)
{
	char id[ULID_SIZE];
	unsigned int status = find_hold(q, id);

	return status ? status : reply(q, 200, hold_view_offers(governor_of(q), id));
}

struct look {
	struct governor *g;
	const char *pattern;	/* to be checked; NULL: none */
	struct diags d;
	int pattern_error;
	const struct caller *caller;
	const char *digest;	/* that was shown; NULL: not said */
	bool needs_human, leaves_no_grant, is_requester, has_role, saw_it;
	enum hold_state state;
	struct quorum quorum;	/* of one that waits */
};

static int look(void *ctx, const struct hold *h)
{
	struct look *l = ctx;

	l->needs_human = approval_needs_human(h);
	l->leaves_no_grant = approval_leaves_no_grant(h);
	l->state = h->state;
	l->is_requester = approver_is_requester(l->g, h, l->caller);
	l->has_role = approver_has_role(h, l->caller);
	l->saw_it = !l->digest || approver_saw(h, l->digest);
	if (h->state == HOLD_PENDING)
		quorum_of_hold(l->g, h, &l->quorum);
	if (l->pattern)
		l->pattern_error = grant_check_pattern(l->g, h, l->pattern, &l->d);
	return 0;
}

static unsigned int refuse_decided(struct request *q, const char *id, enum hold_state state)
{
	return refuse(q, 409, "already-decided", "GET /v1/approvals/ID says by whom and when", "hold %s is %s already", id,
		      hold_state_word(state));
}

static unsigned int refuse_decision(struct request *q, const char *id, int error)
{
	struct look l = { .g = governor_of(q), .state = HOLD_PENDING, .caller = caller_of(q) };

	switch (error) {
	case -EALREADY:
		(void)!hold_table_find(governor_of(q)->store, id, look, &l);
		return refuse_decided(q, id, l.state);
	case -ENOENT:
		return refuse(q, 404, "not-found", "GET /v1/approvals lists the holds", "there is no hold %s", id);
	case -ESRCH:
		return refuse(q, 409, "hold-gone", NULL, "the process that asked for %s is gone: nothing was released", id);
	case -EREMOTEIO:
		return refuse(q, 409, "not-kept", "see the journal of cvfd-govern, and whether cvfd-quarantine runs",
			      "what %s would take away could not be kept in quarantine first: it was refused", id);
	case -ENOTSUP:
		return refuse(q, 409, "once-only", "approve it with scope once", "hold %s cannot leave a grant", id);
	case -EIO:
		return refuse(q, 503, "store", "nothing was released: see the journal of cvfd-govern, then try again",
			      "the decision cannot be stored");
	default:
		return refuse(q, 503, "link", "the decision is stored and is sent as soon as the enforcer is back",
			      "the enforcer did not take the answer: %s", strerror(-error));
	}
}

static unsigned int check_human(struct request *q, const char *id, const struct decision *d)
{
	if (caller_of(q)->is_human && !d->glass && !caller_duties(caller_of(q)))
		return refuse(q, 403, "not-permitted", "it needs the role human_operator, compliance_officer or approver",
			      "%s may not approve hold %s, which is CRITICAL (R3)", caller_of(q)->name, id);
	if (!caller_of(q)->is_human)
		return refuse(q, 403, "human-required",
			      "a person must approve it: an entry of \"principals\" in cvfd.json with \"human\": true and the role approver",
			      "hold %s is CRITICAL (R3), and %s is not declared to be a person", id, caller_of(q)->name);
	if (strcmp(d->scope, "once") != 0)
		return refuse(q, 403, "once-only", "approve it with scope once",
			      "hold %s is CRITICAL (R3): its approval covers one operation and leaves no grant", id);
	return 0;
}

static unsigned int check_pattern(struct request *q, const char *id, const struct look *l)
{
	if (l->pattern_error == -EINVAL)
		return refuse_diags(q, 400, "bad-pattern", "the pattern cannot stand for this operation", &l->d);
	if (l->pattern_error)
		return refuse(q, 409, "once-only", "approve it with scope once, or without a pattern",
			      "hold %s cannot leave a grant with a pattern: not all of its operation is known", id);
	return 0;
}

/* Who asked never approves, and who has a duty only approves what the duty is for. */
static unsigned int check_approver(struct request *q, const char *id, const struct look *l)
{
	const char *name = caller_of(q)->name;

	if (l->is_requester)
		return refuse(q, 403, "own-operation", "somebody else must approve it; see \"self_approval\" in cvfd.json(5)",
			      "hold %s is an operation of %s, who cannot approve it", id, name);
	if (!l->has_role && !l->needs_human)
		return refuse(q, 403, "not-permitted", "it needs the role approver (approval_manager)", "%s may not approve hold %s",
			      name, id);
	return 0;
}

/* In an emergency one may do what others must do together. Being a person, the second factor and not having asked stay. */
static unsigned int check_glass(struct request *q, const char *id, const struct decision *d, const struct look *l)
{
	if (!caller_may(caller_of(q), ROLE_BREAK_GLASS))
		return refuse(q, 403, "not-permitted", "it needs the role break_glass: see \"principals\" in cvfd.json(5)",
			      "%s may not break the glass", caller_of(q)->name);
	if (strcmp(d->scope, "once") != 0)
		return refuse(q, 400, "bad-value", "approve it with scope once", "an approval that breaks the glass leaves no grant");
	if (l->is_requester)
		return check_approver(q, id, l);
	return 0;
}

static unsigned int check_found(struct request *q, const char *id, const struct decision *d, const struct look *l)
{
	unsigned int status;

	if (l->state != HOLD_PENDING)
		return refuse_decided(q, id, l->state);
	if (!l->saw_it)
		return refuse(q, 409, "changed", "look at it again: cvfctl approvals show HOLD",
			      "hold %s is not the operation that was shown: its digest is another", id);
	if (d->answer != CVF_VERDICT_ALLOW)
		return 0;
	status = d->glass ? check_glass(q, id, d, l) : check_approver(q, id, l);
	if (!status && l->needs_human)
		status = check_human(q, id, d);
	if (!status && l->leaves_no_grant && strcmp(d->scope, "once") != 0)
		return refuse(q, 409, "once-only", "approve it with scope once",
			      "hold %s leaves no grant: the rule has a condition that is looked at each time", id);
	if (!status && !d->glass && !quorum_is_plain(&l->quorum))
		status = quorum_check(q, id, d, &l->quorum);
	return status ? status : check_pattern(q, id, l);
}

/* Who may approve this one, and how far. 0, or the status of the refusal. The second factor is last: a code is good once. */
static unsigned int check(struct request *q, const char *id, const struct decision *d, const char *digest, struct quorum *ret_quorum)
{
	struct look l = { .g = governor_of(q), .pattern = d->pattern, .caller = caller_of(q), .digest = digest };
	int r = hold_table_find(governor_of(q)->store, id, look, &l);
	unsigned int status;

	if (r < 0)
		status = refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-r));
	else
		status = r ? check_found(q, id, d, &l) : refuse_decision(q, id, -ENOENT);
	if (!status && l.needs_human && d->answer == CVF_VERDICT_ALLOW)
		status = factor_check(q, body_text(q, "otp"));
	*ret_quorum = l.quorum;
	diags_done(&l.d);
	return status;
}

/* Several people must approve it, or certain ones: 1 when they have, 0 when it goes on waiting, negative errno. */
static int consent(struct request *q, const char *id, const struct decision *d, const struct quorum *quorum)
{
	int r;

	if (d->answer != CVF_VERDICT_ALLOW || d->glass || quorum_is_plain(quorum))
		return 1;
	r = quorum_consent(q, id, d, quorum);
	return r < 0 ? -EIO : r;
}

unsigned int approval_answer(struct request *q, const char *id, const char *digest, struct decision *d)
{
	struct governor *g = governor_of(q);
	struct quorum quorum;
	unsigned int status = check(q, id, d, digest, &quorum), resumed = 0;
	json_t *view;
	int r;

	if (status)
		return status;
	if (!d->by)
		d->by = caller_of(q)->name;
	d->uid = caller_of(q)->uid;
	r = consent(q, id, d, &quorum);
	if (r > 0)
		r = approval_decide(g, id, d, &resumed);
	if (r < 0)
		return refuse_decision(q, id, r);
	view = hold_view_offers(g, id);
	view_set(view, "resumed", json_integer(resumed));
	return reply(q, 200, view);
}

static unsigned int decide(struct request *q, struct decision *d)
{
	char id[ULID_SIZE];
	unsigned int status = find_hold(q, id);

	return status ? status : approval_answer(q, id, body_text(q, "digest"), d);
}

static const struct {
	const char *word;
	unsigned int bit;
} scopes[] = { { "once", 0 }, { "session", GRANT_SCOPE_SESSION }, { "agent", GRANT_SCOPE_AGENT } };

static unsigned int check_scope(struct request *q, const struct decision *d)
{
	unsigned int allowed = governor_of(q)->settings.grant_scopes, needed = d->pattern ? GRANT_SCOPE_PATTERN : 0;
	bool is_once = strcmp(d->scope, "once") == 0;
	size_t i = 0;

	while (i < ARRAY_SIZE(scopes) && strcmp(scopes[i].word, d->scope) != 0)
		i++;
	if (i == ARRAY_SIZE(scopes))
		return refuse(q, 400, "bad-value", "write once, session or agent", "there is no scope \"%s\"", d->scope);
	if (is_once && (d->for_s || d->uses || d->pattern))
		return refuse(q, 400, "bad-value", "add \"scope\": \"session\" or \"agent\"",
			      "\"for_s\", \"uses\" and \"pattern\" need an approval that lasts");
	needed |= scopes[i].bit;
	if ((allowed & needed) != needed)
		return refuse(q, 403, "scope-forbidden", "approve it with scope once, or see \"approvals\" in cvfd.json(5)",
			      "the administrator does not permit grants %s%s",
			      needed & ~allowed & scopes[i].bit ? "of scope " : "with a ",
			      needed & ~allowed & scopes[i].bit ? d->scope : "pattern");
	return 0;
}

static unsigned int post_approve(struct request *q)
{
	struct decision d = { .answer = CVF_VERDICT_ALLOW, .scope = body_text(q, "scope"), .pattern = body_text(q, "pattern"),
			      .for_s = body_number(q, "for_s"), .uses = body_number(q, "uses"), .note = body_text(q, "note") };
	int64_t longest = governor_of(q)->settings.grant_max_s;
	unsigned int status;

	if (d.for_s > longest)
		return refuse(q, 400, "bad-value", "see approvals.grant_max_s in cvfd.json(5)",
			      "\"for_s\" must be a whole number from 1 to %lld", (long long)longest);
	if (json_is_true(json_object_get(q->object, "break_glass")) != (body_text(q, "reason") && *body_text(q, "reason")))
		return refuse(q, 400, "bad-value", "add \"reason\": why others cannot be asked", "\"break_glass\" and \"reason\" belong together");
	d.glass = body_text(q, "reason");
	status = check_scope(q, &d);
	return status ? status : decide(q, &d);
}

static unsigned int post_deny(struct request *q)
{
	struct decision d = { .answer = CVF_VERDICT_DENY, .note = body_text(q, "note") };

	return decide(q, &d);
}

static unsigned int get_grants(struct request *q)
{
	struct governor *g = governor_of(q);
	const char *agent = query_text(q, "agent");
	uint32_t number = agent ? numbers_table_find(g->numbers, NUMBER_AGENT, agent) : 0;
	json_t *list = agent && !number ? json_array() : grants_view(g, number);

	if (!list)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read");
	return reply_list(q, "grants", list);
}

static unsigned int delete_grant(struct request *q)
{
	char id[ULID_SIZE];
	int r = ulid_normalise(q->params[0], id) ? grant_revoke(governor_of(q), id) : -ENOENT;

	if (r == -ENOENT)
		return refuse(q, 404, "not-found", "GET /v1/grants lists the grants", "there is no active grant %s", q->params[0]);
	if (r == -EIO)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the revocation cannot be stored");
	if (r < 0)
		return refuse(q, 503, "link", "it is revoked here and does not come back when the enforcer restarts",
			      "the enforcer did not drop the grant: %s", strerror(-r));
	return reply(q, 200, json_pack("{s:s, s:s}", "id", id, "state", "revoked"));
}

static unsigned int get_stats(struct request *q)
{
	json_t *view = stats_view(governor_of(q), query_time(q, "since"));

	return view ? reply(q, 200, view) : refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read");
}

_Static_assert(CVF_HOLDS_MAX == 1024, "without a limit all that can wait is listed");
static const struct shape holds_query = SHAPE(NULL, M(TEXT, "agent"), M(TEXT, "capability", .about = "a glob"),
	M(WORD, "state", .words = "pending|all", .preset = "pending"), PAGE_OF(CVF_HOLDS_MAX, "1024"),);
static const struct shape holds_shape = SHAPE(NULL, M(OBJECT, "holds", .flags = MANY, .of = &hold_shape), NEXT_PAGE,);
#define COUNTS M(NUMBER, "asked"), M(NUMBER, "denied"), M(NUMBER, "approved"), M(NUMBER, "expired"), M(NUMBER, "abandoned"), \
	M(NUMBER, "by_rule"), M(NUMBER, "by_grant"), M(NUMBER, "over_budget"), M(NUMBER, "pending")
#define TIMES M(NUMBER, "answers"), \
	M(REAL, "median_s", .flags = OR_NULL, .about = "from question to answer"), \
	M(REAL, "quick_share", .flags = OR_NULL, .about = "of the answers of people, the share that took less than two seconds: who answers so fast does not read")
static const struct shape stats_shape = SHAPE(NULL, M(TIME, "since"), COUNTS, TIMES,
	M(OBJECT, "people", .flags = MANY, .about = "each approval of a hold that needs several included",
	  .of = OF(M(TEXT, "name"), M(NUMBER, "approved"), M(NUMBER, "denied"), TIMES,)),
	M(OBJECT, "capabilities", .flags = MANY, .about = "the most asked first", .of = OF(M(TEXT, "capability"), COUNTS, TIMES,)),);
static const struct shape since_shape = SHAPE(NULL, M(TIME, "since", .preset = "7d"),);
#define SHOWN M(TEXT, "digest", .max = 16, .about = "the one that the approver was shown: 409 `changed` if the hold has another")
static const struct shape approve_shape = SHAPE(NULL,
	M(WORD, "scope", .words = "once|session|agent", .preset = "once", .about = "session and agent also leave a grant for later operations"),
	M(TEXT, "pattern", .max = GRANT_PATTERN_SIZE - 1, .about = "what the grant covers instead of this one question"),
	M(NUMBER, "for_s", .min = 1, .max = FOREVER_S, .about = "how long the grant is good; default: until the session ends, for an agent `approvals.grant_default_s` of cvfd.json"),
	M(NUMBER, "uses", .min = 1, .max = 1000000, .about = "for how many operations beyond those released now; default: any number"),
	M(TEXT, "note", .max = NOTE_MAX), SHOWN,
	M(TEXT, "otp", .max = 16, .about = "a code of the caller's second factor, for what is CRITICAL"),
	M(YES_NO, "break_glass", .about = "without the others whom the rule or the risk asks for: with `reason`"),
	M(TEXT, "reason", .max = NOTE_MAX, .about = "of breaking the glass: why nobody else can be asked"),);
static const struct shape deny_shape = SHAPE(NULL, M(TEXT, "note", .max = NOTE_MAX), SHOWN,);
static const struct shape grants_query = SHAPE(NULL, M(TEXT, "agent"), PAGE_OF(1000, NULL),);
static const struct shape grants_shape = SHAPE(NULL, M(OBJECT, "grants", .flags = MANY, .of = &grant_shape), NEXT_PAGE,);
static const struct shape revoked_shape = SHAPE(NULL, M(TEXT, "id"), M(WORD, "state", .words = "revoked"),);

static const struct route table[] = {
	{ "GET", "/v1/approvals", ROLE_VIEWER, 0, get_holds, "Operations that wait for a decision",
	  "What waits by risk, the highest first, then by age. The same question (operation, object and arguments; agent, user, program\n"
	  "and directory) asked by several processes is listed once, `waiting` says by how many; the id of each of them is accepted\n"
	  "everywhere. CRITICAL operations, and those whose approvers a rule names, are always listed one by one.",
	  .query = &holds_query, .answer = &holds_shape },
	{ "GET", "/v1/approvals/stats", ROLE_ADMIN, 0, get_stats, "What was asked, what came of it, and how long people looked at it",
	  "Questions are counted, however many processes asked them.", .query = &since_shape, .answer = &stats_shape },
	{ "GET", "/v1/approvals/{id}", ROLE_VIEWER, 0, get_hold, "One hold, by its id or an unambiguous prefix of at least six characters",
	  "While it waits, with `offers`: the ways to approve it, the narrowest first, as far as the settings permit them.",
	  .answer = &hold_shape },
	{ "POST", "/v1/approvals/{id}/approve", ROLE_APPROVER, 0, post_approve, "Let a held operation go on",
	  "Every process that waits with the same question is released, each with an answer of its own.\n\n"
	  "With `pattern` the grant covers what matches instead of this one question: a path for operations on files, the program and\n"
	  "its arguments for `exec`, `PREFIX:PORTS` for the network; the operation, its capability and the agent stay what they are. It\n"
	  "must begin with a folder by name and cover what asks now: otherwise 400 with `error.diagnoses`. 403 when the settings forbid\n"
	  "the scope. The governor answers what a pattern covers; the kernel still holds it for that moment.\n\n"
	  "403 `own-operation`: the operation runs as the caller, or the caller owns its agent (`approvals.self_approval`); root is\n"
	  "not refused so.\n\n"
	  "A CRITICAL operation needs a caller that cvfd.json declares to be a person, scope `once`, and in `otp` a code of the\n"
	  "caller's second factor: 403 `factor-required` (none is enrolled), `code-required`, `wrong-code`, `code-used` (a code is good\n"
	  "once) or `factor-locked` (after five wrong ones), 429 `too-soon` after a wrong one. With `approvals.critical_people` 2 a\n"
	  "`human_operator` and a `compliance_officer` must approve it, two distinct people; `duties` of the hold names both.\n\n"
	  "Where its rule names approvers or a quorum, scope `once` too, and 403 `not-an-approver` for others. Until enough of them have\n"
	  "approved the answer is the hold, still `pending`, with `resumed` 0; a second approval of the same user is 409 `approved-already`.\n\n"
	  "With `break_glass` a caller with that role (or `admin`) approves alone what needs named or several people, or another role. A\n"
	  "review is opened with the decision (`review`), and somebody else closes it. A person, a code and scope `once` are needed as\n"
	  "without it, and who asked is refused as without it.\n\n"
	  "An approval that does not reach the operation within `approvals.use_s` is void: it ends as `expired`.\n\n"
	  "409 when it was decided before, or when the processes are gone; 503 when the decision cannot be stored, and then nothing was\n"
	  "released.", .body = &approve_shape, .answer = &hold_shape },
	{ "POST", "/v1/approvals/{id}/deny", ROLE_APPROVER, 0, post_deny, "Refuse a held operation",
	  "Answers as for approve. One denial is enough, of whoever has the role.", .body = &deny_shape, .answer = &hold_shape },
	{ "GET", "/v1/grants", ROLE_VIEWER, 0, get_grants, "Permissions that approvals left and that are still in force",
	  "`uses_left` and `last_use` lag behind the kernel by the time a record takes to arrive.", .query = &grants_query,
	  .answer = &grants_shape },
	{ "DELETE", "/v1/grants/{id}", ROLE_APPROVER, 0, delete_grant, "Take a grant back", .answer = &revoked_shape },
};

const struct routes approval_routes = { table, ARRAY_SIZE(table), "Approvals" };
