// SPDX-License-Identifier: Apache-2.0
/* people_api.c - /v1/approvers */
#include <pwd.h>
#include <string.h>

#include "api/route.h"
#include "api/view.h"
#include "core/log.h"
#include "factor.h"
#include "people.h"

static unsigned int refuse_store(struct request *q)
{
	return refuse(q, 503, "store", "see the journal of cvfd-govern", "the second factors cannot be read or written");
}

static json_t *view_roles(unsigned int roles)
{
	json_t *list = json_array();

	for (unsigned int bit = 1; bit <= ROLE_NOTIFIER; bit <<= 1)
		if (roles & bit)
			json_array_append_new(list, json_string(role_word((enum role)bit)));
	return list;
}

static int set_factor(struct governor *g, const struct principal *p, json_t *to)
{
	struct factor f = { 0 };
	int r = *p->user == '@' || !p->is_known ? 0 : factor_find(g, p->user, p->uid, &f);

	view_set(to, "enrolled_at", r > 0 ? view_time(f.made_ms) : json_null());
	view_set(to, "enrolled_by", r > 0 ? view_text(f.made_by) : json_null());
	view_set(to, "locked", json_boolean(r > 0 && factor_is_locked(&f)));
	explicit_bzero(&f, sizeof(f));
	return r < 0 ? r : 0;
}

static unsigned int get_approvers(struct request *q)
{
	struct governor *g = governor_of(q);
	json_t *list = json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->auth.principals_count; i++) {
		const struct principal *p = &g->auth.principals[i];
		json_t *one = json_object();

		view_set(one, "name", view_text(p->user));
		view_set(one, "known", json_boolean(p->is_known));
		view_set(one, "human", json_boolean(p->is_human));
		view_set(one, "roles", view_roles(p->roles));
		r = set_factor(g, p, one);
		json_array_append_new(list, one);
	}
	if (r == 0)
		return reply(q, 200, json_pack("{s:o}", "approvers", list));
	json_decref(list);
	return refuse_store(q);
}

/* A user of the system. NULL: it was refused. */
static const struct passwd *find_user(struct request *q, unsigned int *ret_status)
{
	const struct passwd *pw = getpwnam(q->params[0]);

	if (pw && strlen(pw->pw_name) < CALLER_NAME)
		return pw;
	*ret_status = refuse(q, 404, "not-found", "a second factor belongs to a user of this system", "there is no user %s",
			     q->params[0]);
	return NULL;
}

static unsigned int post_factor(struct request *q)
{
	struct governor *g = governor_of(q);
	unsigned int status = 0;
	const struct passwd *pw = find_user(q, &status);
	const char *replace = query_text(q, "replace");
	struct factor had = { 0 };
	char *uri = NULL;
	int r;

	if (!pw)
		return status;
	if (q->socket == SOCKET_TCP)
		return refuse(q, 403, "local-only", "ask on the control socket of the host", "a secret is not told over the network");
	r = factor_find(g, pw->pw_name, pw->pw_uid, &had);
	explicit_bzero(&had, sizeof(had));
	if (r > 0 && !(replace && strcmp(replace, "1") == 0))
		return refuse(q, 409, "exists", "add ?replace=1 (cvfctl: --replace); the codes of the old one are then worth nothing",
			      "%s has a second factor already", pw->pw_name);
	if (r >= 0)
		r = factor_enrol(g, pw->pw_name, pw->pw_uid, caller_of(q)->name, &uri);
	if (r < 0)
		return refuse_store(q);
	log_notice("%s enrolled a second factor of %s", caller_of(q)->name, pw->pw_name);
	status = reply(q, 201, json_pack("{s:o, s:s}", "name", view_text(pw->pw_name), "uri", uri));
	explicit_bzero(uri, strlen(uri));
	free(uri);
	return status;
}

static unsigned int answer_change(struct request *q, int r, const char *done)
{
	if (r < 0)
		return refuse_store(q);
	if (r == 0)
		return refuse(q, 404, "not-found", "cvfctl approver enrol NAME makes one", "%s has no second factor", q->params[0]);
	log_notice("%s %s the second factor of %s", caller_of(q)->name, done, q->params[0]);
	return reply(q, 200, json_pack("{s:o, s:s}", "name", view_text(q->params[0]), "state", done));
}

static unsigned int delete_factor(struct request *q)
{
	return answer_change(q, factor_remove(governor_of(q), q->params[0], caller_of(q)->name), "removed");
}

static unsigned int post_unlock(struct request *q)
{
	return answer_change(q, factor_unlock(governor_of(q), q->params[0], caller_of(q)->name), "unlocked");
}

static const struct shape approvers_shape = SHAPE(NULL, M(OBJECT, "approvers", .flags = MANY, .of = OF(
	M(TEXT, "name", .about = "a user, or a group after an `@`"), M(YES_NO, "known", .about = "the system has it"), M(YES_NO, "human"),
	M(TEXT, "roles", .flags = MANY), M(TIME, "enrolled_at", .flags = OR_NULL, .about = "null: there is no second factor"),
	M(TEXT, "enrolled_by", .flags = OR_NULL), M(YES_NO, "locked", .about = "too many wrong codes were given"),)),);
static const struct shape replace_query = SHAPE(NULL, M(WORD, "replace", .words = "1|0", .about = "1: in the place of the one there is"),);
static const struct shape factor_shape = SHAPE(NULL, M(TEXT, "name"), M(TEXT, "uri", .about = "`otpauth://`, with the secret"),);
static const struct shape changed_shape = SHAPE(NULL, M(TEXT, "name"), M(WORD, "state", .words = "removed|unlocked"),);

static const struct route table[] = {
	{ "GET", "/v1/approvers", ROLE_ADMIN, 0, get_approvers, "The principals of cvfd.json and their second factors",
	  .answer = &approvers_shape },
	{ "POST", "/v1/approvers/{name}/factor", ROLE_ADMIN, 0, post_factor, "Enrol a second factor of a user",
	  "The secret is never given again: put it into the authenticator of this person. 409 `exists` when there is one, unless\n"
	  "`replace` is given.", .query = &replace_query, .answer = &factor_shape, .status = 201 },
	{ "DELETE", "/v1/approvers/{name}/factor", ROLE_ADMIN, 0, delete_factor, "Remove a second factor", .answer = &changed_shape },
	{ "POST", "/v1/approvers/{name}/unlock", ROLE_ADMIN, 0, post_unlock, "Forget the wrong codes that locked a second factor",
	  .answer = &changed_shape },
};

const struct routes people_routes = { table, ARRAY_SIZE(table), "Approvers" };
