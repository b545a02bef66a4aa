// SPDX-License-Identifier: Apache-2.0
/*
 * answer_api.c - /v1/answers: the page behind a link, and the answer given on it
 *
 * Whatever opens a link (a preview, a scanner of mail) only reads. The answer is a form that a person sends.
 */
#include <string.h>

#include "answer_link.h"
#include "api/html.h"
#include "api/route.h"
#include "api/text.h"
#include "core/log.h"
#include "govern/approval/approver.h"
#include "govern/approval/hold_view.h"
#include "govern/people/candidates.h"
#include "govern/people/delegation.h"
#include "json/doc.h"
#include "notice.h"

#define HTML_TYPE "text/html; charset=utf-8"
#define TITLE "CVF: an operation waits"

static unsigned int refuse_link(struct request *q, int error)
{
	if (error == -ETIME)
		return refuse(q, 410, "expired", "what it was for is over", "the link has expired");
	return refuse(q, 404, "not-found", "answer on the host: cvfctl approvals", "there is no such link");
}

static void put(FILE *out, const char *name, const json_t *value)
{
	const char *text = json_is_string(value) ? json_string_value(value) : "";

	fprintf(out, "<tr><th>%s<td>", name);
	html_put(out, text, strlen(text));
	fputs("\n", out);
}

static unsigned int reply_page_of(struct request *q, const json_t *hold, const char *as, const char *done)
{
	static const struct {
		const char *name, *key;
	} rows[] = {
		{ "Agent", "agent" }, { "Risk", "risk" }, { "Capability", "capability" }, { "Operation", "operation" }, { "Object", "object" },
		{ "Asked", "requested_at" }, { "Until", "expires_at" }, { "Digest", "digest" }, { "Hold", "id" }, { "State", "state" },
	};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return refuse(q, 500, "no-memory", NULL, "out of memory");
	fputs("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n"
	      "<title>" TITLE "</title>\n<h1>" TITLE "</h1>\n<table>\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		put(out, rows[i].name, json_object_get(hold, rows[i].key));
	fputs("</table>\n", out);
	if (done) {
		fprintf(out, "<p>It is %s. The link is used up.\n", done);
	} else {
		fputs("<form method=\"post\">\n<p>You answer as ", out);
		html_put(out, as, strlen(as));
		fputs(", once, for this operation alone.\n<p><button name=\"answer\" value=\"approve\">Approve</button>\n"
		      "<button name=\"answer\" value=\"deny\">Deny</button>\n</form>\n", out);
	}
	if (fclose(out) != 0)
		return refuse(q, 500, "no-memory", NULL, "out of memory");
	request_add_header(q, "Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'");
	request_add_header(q, "Referrer-Policy", "no-referrer");
	return reply_text(q, 200, HTML_TYPE, text, size);
}

static unsigned int get_answer(struct request *q)
{
	struct governor *g = governor_of(q);
	own_json json_t *hold = NULL;
	struct answer_link link;
	const char *state;
	int r = answer_link_read(g, q->params[0], &link);

	if (r < 0)
		return refuse_link(q, r);
	hold = hold_view_id(g, link.hold);
	state = json_string_value(json_object_get(hold, "state"));
	if (!state || strcmp(state, "pending") != 0)
		return refuse(q, 409, "already-decided", NULL, "hold %s is %s already", link.hold, state ? state : "gone");
	return reply_page_of(q, hold, link.target->answer_as, NULL);
}

struct look {
	struct governor *g;
	bool fits, is_pending;
};

static int look(void *ctx, const struct hold *h)
{
	struct look *l = ctx;

	l->is_pending = h->state == HOLD_PENDING && h->boot == l->g->boot;
	l->fits = answer_link_fits(l->g, h);
	return 0;
}

/* As the user of the link: with what this user may do now. */
static unsigned int answer_as(struct request *q, const struct answer_link *link, struct decision *d)
{
	struct governor *g = governor_of(q);
	void *asker = q->caller;
	struct caller c;
	struct peer p;
	char by[64];
	unsigned int status;

	if (!candidate_peer(link->target->answer_as, &p))
		return refuse(q, 403, "not-permitted", "see \"answer_as\" in cvfd.json(5)", "there is no user %s", link->target->answer_as);
	auth_identify(&g->auth, &p, &c);
	delegation_add_roles(g, &c);
	free(p.groups);
	snprintf(by, sizeof(by), "%.30s, link of %.23s", c.name, link->target->name);
	d->by = by;
	q->caller = &c;
	if (!(c.roles & (ROLE_APPROVER | ROLE_ADMIN)))
		status = refuse(q, 403, "not-permitted", "it needs the role approver", "%s may not answer hold %s", c.name, link->hold);
	else
		status = approval_answer(q, link->hold, link->digest, d);
	q->caller = asker;
	log_notice("hold %s: %s by %s: %s", link->hold, d->answer == CVF_VERDICT_ALLOW ? "approved" : "denied", by,
		   status == 200 ? "done" : "refused");
	return status;
}

/* All of the form: what is sent twice, or with something else, is no answer. */
static bool says(const struct request *q, const char *form)
{
	return q->body_size == strlen(form) && memcmp(q->body, form, q->body_size) == 0;
}

static unsigned int post_answer(struct request *q)
{
	struct governor *g = governor_of(q);
	struct decision d = { .scope = "once", .note = "answered by a link" };
	struct look l = { .g = g };
	struct answer_link link;
	own_json json_t *hold = NULL;
	unsigned int status;
	int r = answer_link_read(g, q->params[0], &link);

	if (r < 0)
		return refuse_link(q, r);
	if (says(q, "answer=approve"))
		d.answer = CVF_VERDICT_ALLOW;
	else if (says(q, "answer=deny"))
		d.answer = CVF_VERDICT_DENY;
	else
		return refuse(q, 400, "bad-value", "send answer=approve or answer=deny", "the form holds no answer");
	r = hold_table_find(g->store, link.hold, look, &l);
	if (r < 0)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-r));
	if (r > 0 && l.is_pending && !l.fits)
		return refuse(q, 403, "not-by-link", "answer on the host: cvfctl approve",
			      "what is CRITICAL, and what certain or several people must approve, is not answered by a link");
	status = answer_as(q, &link, &d);
	if (status != 200)
		return status;
	hold = TAKE(q->reply);
	return reply_page_of(q, hold, "", d.answer == CVF_VERDICT_ALLOW ? "approved" : "denied");
}

static const struct shape page_shape = RAW("A page for people.");
static const struct shape form_shape = RAW("A form: `answer=approve` or `answer=deny`.");

static const struct route table[] = {
	{ "GET", ANSWER_PATH "{link}", ROLE_NONE, 0, get_answer, "The page of a link that a webhook was told",
	  "Links are off unless cvfd.json(5) has `notifications.answer_url`. The link is the credential: it answers one hold, as one user,\n"
	  "under the digest that was shown. 404 for one that is none of ours, 410 when it has expired, 409 when its hold is decided.",
	  .answer = &page_shape, .type = HTML_TYPE },
	{ "POST", ANSWER_PATH "{link}", ROLE_NONE, 0, post_answer, "Answer by a link, once",
	  "403 `not-by-link` for what is CRITICAL, and for what certain or several people must approve.", .body = &form_shape,
	  .answer = &page_shape, .type = HTML_TYPE },
};

const struct routes answer_routes = { table, ARRAY_SIZE(table), "Answers" };
