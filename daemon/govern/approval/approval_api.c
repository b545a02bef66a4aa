// SPDX-License-Identifier: Apache-2.0
/* approval_api.c - /v1/approvals, /v1/grants */
#include <string.h>

#include "api/route.h"
#include "approval.h"
#include "grant.h"
#include "govern/registry/numbers_table.h"
#include "hold_view.h"

#define LIMIT_DEFAULT 200
#define LIMIT_MAX 1000
#define NOTE_MAX 500
#define PREFIX_MIN 6

/* The hold that a path names, by id or by a prefix that fits one only. 0, or the status of the refusal. */
static unsigned int find_hold(struct request *q, char ret_id[ULID_SIZE])
{
	const char *text = q->params[0];
	char prefix[ULID_SIZE];
	int n;

	if (!ulid_normalise(text, prefix) || strlen(prefix) < PREFIX_MIN)
		return refuse(q, 404, "not-found", "give the id of a hold or at least its first six characters",
			      "there is no hold %s", text);
	n = hold_table_find_prefix(governor_of(q)->store, prefix, ret_id);
	if (n < 0)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-n));
	if (n == 0)
		return refuse(q, 404, "not-found", "GET /v1/approvals lists the holds", "there is no hold %s", text);
	if (n > 1)
		return refuse(q, 409, "ambiguous", "give more characters of the id", "several holds start with %s", text);
	return 0;
}

static unsigned int get_holds(struct request *q)
{
	struct governor *g = governor_of(q);
	const char *agent = request_query(q, "agent"), *state = request_query(q, "state"), *limit = request_query(q, "limit");
	struct hold_filter f = { .boot = g->boot, .limit = LIMIT_DEFAULT };
	json_t *list;

	if (state && strcmp(state, "all") != 0 && strcmp(state, "pending") != 0)
		return refuse(q, 400, "bad-parameter", "write pending or all", "the parameter \"state\" cannot be understood");
	if (limit && number_parse(limit, 1, LIMIT_MAX, &f.limit) < 0)
		return refuse(q, 400, "bad-parameter", "write a number from 1 to 1000", "the parameter \"limit\" cannot be understood");
	f.all_states = state && strcmp(state, "all") == 0;
	f.agent = agent ? numbers_table_find(g->numbers, NUMBER_AGENT, agent) : 0;
	list = agent && !f.agent ? json_array() : holds_view(g, &f);
	if (!list)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read");
	return reply(q, 200, json_pack("{s:o}", "holds", list));
}

static unsigned int get_hold(struct request *q)
{
	char id[ULID_SIZE];
	unsigned int status = find_hold(q, id);

	return status ? status : reply(q, 200, hold_view_id(governor_of(q), id));
}

struct look {
	bool needs_human;
	enum hold_state state;
};

static int look(void *ctx, const struct hold *h)
{
	*(struct look *)ctx = (struct look){ approval_needs_human(h), h->state };
	return 0;
}

static unsigned int refuse_decided(struct request *q, const char *id, enum hold_state state)
{
	return refuse(q, 409, "already-decided", "GET /v1/approvals/ID says by whom and when", "hold %s is %s already", id,
		      hold_state_word(state));
}

/* Who may approve this one, and how far. 0, or the status of the refusal. */
static unsigned int check_human(struct request *q, const char *id, const struct decision *d)
{
	struct look l = { 0 };
	int r = hold_table_find(governor_of(q)->store, id, look, &l);

	if (r < 0)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-r));
	if (l.state != HOLD_PENDING)
		return refuse_decided(q, id, l.state);
	if (!l.needs_human || d->answer != CVF_VERDICT_ALLOW)
		return 0;
	if (!caller_of(q)->is_human)
		return refuse(q, 403, "human-required",
			      "a person must approve it: an entry of \"principals\" in cvfd.json with \"human\": true and the role approver",
			      "hold %s is CRITICAL (R3), and %s is not declared to be a person", id, caller_of(q)->name);
	if (strcmp(d->scope, "once") != 0)
		return refuse(q, 403, "once-only", "approve it with scope once",
			      "hold %s is CRITICAL (R3): its approval covers one operation and leaves no grant", id);
	return 0;
}

static unsigned int refuse_decision(struct request *q, const char *id, int error)
{
	struct look l = { .state = HOLD_PENDING };

	switch (error) {
	case -EALREADY:
		(void)!hold_table_find(governor_of(q)->store, id, look, &l);
		return refuse_decided(q, id, l.state);
	case -ENOENT:
		return refuse(q, 404, "not-found", "GET /v1/approvals lists the holds", "there is no hold %s", id);
	case -ESRCH:
		return refuse(q, 409, "hold-gone", NULL, "the process that asked for %s is gone: nothing was released", id);
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

static unsigned int decide(struct request *q, struct decision *d)
{
	struct governor *g = governor_of(q);
	char id[ULID_SIZE];
	unsigned int status = find_hold(q, id), resumed = 0;
	json_t *view;
	int r;

	if (!status)
		status = check_human(q, id, d);
	if (status)
		return status;
	d->by = caller_of(q)->name;
	r = approval_decide(g, id, d, &resumed);
	if (r < 0)
		return refuse_decision(q, id, r);
	view = hold_view_id(g, id);
	view_set(view, "resumed", json_integer(resumed));
	return reply(q, 200, view);
}

static unsigned int read_approval(struct request *q, const json_t *body, struct decision *d)
{
	int64_t longest = governor_of(q)->settings.grant_max_s;

	if (member_text(q, body, "note", NOTE_MAX, &d->note) < 0 || member_text(q, body, "scope", 16, &d->scope) < 0 ||
	    member_int(q, body, "for_s", 1, longest, &d->for_s) < 0 || member_int(q, body, "uses", 1, 1000000, &d->uses) < 0)
		return 400;
	if (!d->scope)
		d->scope = "once";
	if (strcmp(d->scope, "once") != 0 && strcmp(d->scope, "session") != 0 && strcmp(d->scope, "agent") != 0)
		return refuse(q, 400, "bad-value", "write once, session or agent", "there is no scope \"%s\"", d->scope);
	if (strcmp(d->scope, "once") == 0 && (d->for_s || d->uses))
		return refuse(q, 400, "bad-value", "add \"scope\": \"session\" or \"agent\"",
			      "\"for_s\" and \"uses\" need an approval that lasts");
	return 0;
}

static unsigned int post_approve(struct request *q)
{
	static const char *const members[] = { "scope", "for_s", "uses", "note", NULL };
	struct decision d = { .answer = CVF_VERDICT_ALLOW };
	unsigned int status = 0;
	json_t *body = request_object(q, members, &status);

	if (!body)
		return status;
	status = read_approval(q, body, &d);
	if (!status)
		status = decide(q, &d);
	json_decref(body);
	return status;
}

static unsigned int post_deny(struct request *q)
{
	static const char *const members[] = { "note", NULL };
	struct decision d = { .answer = CVF_VERDICT_DENY };
	unsigned int status = 0;
	json_t *body = request_object(q, members, &status);

	if (!body)
		return status;
	status = member_text(q, body, "note", NOTE_MAX, &d.note) < 0 ? 400 : decide(q, &d);
	json_decref(body);
	return status;
}

static unsigned int get_grants(struct request *q)
{
	struct governor *g = governor_of(q);
	const char *agent = request_query(q, "agent");
	uint32_t number = agent ? numbers_table_find(g->numbers, NUMBER_AGENT, agent) : 0;
	json_t *list = agent && !number ? json_array() : grants_view(g, number);

	if (!list)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read");
	return reply(q, 200, json_pack("{s:o}", "grants", list));
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

static const struct route table[] = {
	{ "GET", "/v1/approvals", ROLE_VIEWER, 0, get_holds, "Operations that wait for a decision",
	  "Parameters: `agent`, `state` (`pending`, the default, or `all`), `limit` (1 to 1000, default 200).\n\n"
	  "Answer: `{\"holds\": [...]}`. The same question (operation, object and arguments; agent, user, program and directory)\n"
	  "asked by several processes is listed once, `waiting` says by how many; the id of each of them is accepted everywhere.\n"
	  "CRITICAL operations are always listed one by one." },
	{ "GET", "/v1/approvals/{id}", ROLE_VIEWER, 0, get_hold, "One hold, by its id or an unambiguous prefix of at least six characters", NULL },
	{ "POST", "/v1/approvals/{id}/approve", ROLE_APPROVER, 0, post_approve, "Let a held operation go on",
	  "Body: `{\"scope\": \"once\"|\"session\"|\"agent\", \"for_s\": N, \"uses\": N, \"note\": TEXT}`, all optional.\n\n"
	  "Every process that waits with the same question is released, each with an answer of its own. Scope `session` or `agent`\n"
	  "also leaves a grant for later operations: for `for_s` seconds (default: until the session ends; for an agent\n"
	  "`approvals.grant_default_s` of cvfd.json) and for `uses` operations beyond those released now (default: any number).\n\n"
	  "A CRITICAL operation needs a caller that cvfd.json declares to be a person, and scope `once`.\n\n"
	  "Answer: the hold, with `resumed`: how many processes went on. 409 when it was decided before, or when the processes are gone;\n"
	  "503 when the decision cannot be stored, and then nothing was released." },
	{ "POST", "/v1/approvals/{id}/deny", ROLE_APPROVER, 0, post_deny, "Refuse a held operation",
	  "Body: `{\"note\": TEXT}`, optional. Answers as for approve." },
	{ "GET", "/v1/grants", ROLE_VIEWER, 0, get_grants, "Permissions that approvals left and that are still in force",
	  "Parameter: `agent`. `uses_left` (null: unlimited) and `last_use` lag behind the kernel by the time a record takes to arrive." },
	{ "DELETE", "/v1/grants/{id}", ROLE_APPROVER, 0, delete_grant, "Take a grant back", NULL },
};

const struct routes approval_routes = { table, ARRAY_SIZE(table), "Approvals" };
