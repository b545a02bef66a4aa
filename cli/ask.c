// SPDX-License-Identifier: Apache-2.0
#include "ask.h"

#include "escape.h"
#include "out.h"
#include "routes.h"

#include <string.h>

int ask_status(long http)
{
	static const struct {
		long http;
		int status;
	} rows[] = { { 401, NOT_PERMITTED }, { 403, NOT_PERMITTED }, { 404, NOT_FOUND } };

	if (http >= 200 && http < 300)
		return DONE;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].http == http)
			return rows[i].status;
	return REFUSED;
}

static const char *text_or(const json_t *object, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : otherwise;
}

/* Hints are written for whoever uses the API; a person at a shell is told the command. Longer ones come
 * first. */
static const struct {
	const char *route, *command;
} commands[] = {
	{ NAME_get_v1_approvals_id, "cvfctl approvals show" },
	{ NAME_get_v1_approvals, "cvfctl approvals" },
	{ NAME_get_v1_capabilities, "cvfctl capability list" },
	{ NAME_get_v1_agents, "cvfctl agent list" },
	{ NAME_get_v1_policies, "cvfctl policy list" },
	{ NAME_get_v1_quarantine_id, "cvfctl quarantine show" },
	{ NAME_get_v1_quarantine, "cvfctl quarantine list" },
	{ NAME_get_v1_grants, "cvfctl grants" },
	{ NAME_get_v1_events, "cvfctl events" },
	{ "?replace=1 (cvfctl: --replace)", "--replace" },
};

static char *hint_text(const char *hint)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const char *at = strstr(hint, commands[i].route);
		char *made = NULL;

		if (!at)
			continue;
		if (asprintf(&made, "%.*s%s%s", (int)(at - hint), hint, commands[i].command,
			     at + strlen(commands[i].route)) < 0)
			return NULL;
		return made;
	}
	return strdup(hint);
}

int ask_say_error(const char *doing, long http, const json_t *body)
{
	const json_t *error = json_object_get(body, "error"), *diagnoses = json_object_get(error, "diagnoses");
	const char *hint = text_or(error, "hint", NULL);
	/* The diagnoses are printed: nobody has to be sent to them. */
	own_free char *told = hint && !strstr(hint, "\"diagnoses\"") ? hint_text(hint) : NULL;
	char plain[48];

	snprintf(plain, sizeof(plain), "the daemon answered with HTTP status %ld", http);
	say_fail(REFUSED, told, "cannot %s: %s", doing, text_or(error, "message", plain));
	out_diagnoses(stderr, diagnoses);
	return ask_status(http);
}

int ask_say_unreachable(const char *socket, int r)
{
	if (client_is_absent(r))
		return say_fail(NO_DAEMON, "start it with `systemctl start cvfd` or `cvfd --foreground`",
				"cannot reach the daemon at %s: %s", socket, strerror(-r));
	if (r == -EACCES || r == -EPERM)
		return say_fail(NOT_PERMITTED,
				"ask as root or as a member of cvf-viewer, cvf-operator, cvf-approver or "
				"cvf-admin; agents: cvfctl why",
				"not permitted to connect to %s: %s", socket, strerror(-r));
	return say_fail(NO_DAEMON, "see `cvfctl doctor` and `systemctl status cvfd`",
			"no usable answer from the daemon at %s: %s", socket, strerror(-r));
}

/* The agents' socket turns everybody else away: to its caller that is a door that does not open. */
static bool is_for_agents_only(const struct reply *r)
{
	return r->status == 403 && strcmp(out_text(r->body, "error.code", ""), "not-an-agent") == 0;
}

/* code: of an error that is not told (-EAGAIN); NULL: none. */
static int send_on(const struct call *c, const char *socket, const struct ask *a, const char *code, json_t **ret)
{
	own(client) struct client *cl = NULL;
	own_reply struct reply reply = { 0 };
	int r;

	r = a->request.to->text ? client_new(socket, &cl) : -ENOMEM;
	if (r == 0)
		r = client_request(cl, &a->request, &reply);
	if (r < 0)
		return r;
	if (a->agent_too && is_for_agents_only(&reply))
		return -EACCES;
	if (code && ask_status(reply.status) != DONE && strcmp(out_text(reply.body, "error.code", ""), code) == 0)
		return -EAGAIN;
	if (ask_status(reply.status) != DONE) {
		if (call_has(c, OPT_JSON) && reply.body)
			out_json(stdout, reply.body);
		return ask_say_error(a->doing, reply.status, reply.body);
	}
	*ret = reply.body ? TAKE(reply.body) : json_object();
	return *ret ? DONE : -ENOMEM;
}

int ask_on(const struct call *c, const char *socket, const struct ask *a, json_t **ret)
{
	return send_on(c, socket, a, NULL, ret);
}

int ask_unless(const struct call *c, const struct ask *a, const char *code, json_t **ret)
{
	int r = send_on(c, client_socket(c), a, code, ret);

	return r < 0 && r != -EAGAIN ? ask_say_unreachable(client_socket(c), r) : r;
}

/*
 * In a session that `cvfctl run` began: being refused the control socket would only leave a denial in the
 * trail.
 */
static bool is_agent_itself(const struct call *c)
{
	return getenv("CVF_AGENT") && !getenv("CVF_SOCKET") && !call_has(c, OPT_SOCKET);
}

int ask(const struct call *c, const struct ask *a, json_t **ret)
{
	const char *socket = client_socket(c);
	int r = -ENOENT, second;

	if (a->agent_too && is_agent_itself(c))
		r = ask_on(c, AGENT_SOCKET, a, ret);
	if (r >= 0)
		return r;
	r = ask_on(c, socket, a, ret);
	if (a->agent_too && (r == -EACCES || r == -EPERM) && !call_has(c, OPT_SOCKET)) {
		second = ask_on(c, AGENT_SOCKET, a, ret);
		r = second < 0 ? r : second;
	}
	return r < 0 ? ask_say_unreachable(socket, r) : r;
}

int ask_show(const struct call *c, const struct ask *a, ask_view view)
{
	own_json json_t *reply = NULL;
	int r = ask(c, a, &reply);

	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON))
		out_json(stdout, reply);
	else
		r = view(c, reply);
	return r < 0 ? say_no_memory() : DONE;
}

int set_note(const struct call *c, json_t *body)
{
	if (call_has(c, OPT_NOTE) &&
	    json_object_set_new(body, "note", json_string(c->option[OPT_NOTE])) < 0) {
		json_decref(body);
		return say_fail(USAGE, NULL, "--note: the text is not valid UTF-8");
	}
	return DONE;
}
