// SPDX-License-Identifier: Apache-2.0
/* route.c - see route.h */
#include "route.h"

#include <stdarg.h>
#include <string.h>

#include "view.h"

#define PATH_BYTES 512

static const struct {
	enum role role;
	const char *name;
} role_names[] = {
	{ ROLE_NONE, "anybody" },	{ ROLE_VIEWER, "viewer" }, { ROLE_OPERATOR, "operator" },
	{ ROLE_APPROVER, "approver" }, { ROLE_ADMIN, "admin" }, { ROLE_HUMAN_OPERATOR, "human_operator" },
	{ ROLE_COMPLIANCE_OFFICER, "compliance_officer" }, { ROLE_BREAK_GLASS, "break_glass" },
	{ ROLE_NOTIFIER, "notifier" },
};

const char *role_word(enum role role)
{
	for (size_t i = 0; i < ARRAY_SIZE(role_names); i++)
		if (role_names[i].role == role)
			return role_names[i].name;
	return "admin";
}

bool request_only_asks(const struct request *q)
{
	return strcmp(q->method, "GET") == 0 || strcmp(q->method, "HEAD") == 0;
}

unsigned int reply(struct request *q, unsigned int status, json_t *take_body)
{
	json_decref(q->reply);
	q->reply = take_body;
	if (take_body)
		return status;
	/* What was to be done is done. */
	return status < 300 && q->method && !request_only_asks(q) ? STATUS_NONE : refuse(q, 500, "no-memory", NULL, "out of memory");
}

/* RFC 9457, and our own "error" beside it. */
static json_t *problem(unsigned int status, const char *code, const char *message)
{
	json_t *text = view_text(message);	/* it may quote bytes that are not UTF-8 */

	return json_pack("{s:o, s:s, s:i, s:O, s:{s:s, s:o}}", "type", json_sprintf("urn:cvf:problem:%s", code), "title", code, "status",
			 (int)status, "detail", text, "error", "code", code, "message", text);
}

unsigned int refuse(struct request *q, unsigned int status, const char *code, const char *hint, const char *format, ...)
{
	own_free char *message = NULL;
	va_list args;
	json_t *body;

	va_start(args, format);
	if (vasprintf(&message, format, args) < 0)
		message = NULL;
	va_end(args);
	body = problem(status, code, message ? message : code);
	if (body && hint)
		json_object_set_new(json_object_get(body, "error"), "hint", json_string(hint));
	if (body && *q->id)
		json_object_set_new(body, "request_id", json_string(q->id));
	json_decref(q->reply);
	q->reply = body;
	return status;
}

/* Splits a copy of the path while it walks the pattern; {x} takes one non-empty part. */
static bool matches(const char *pattern, char *path, char *params[PARAMS_MAX])
{
	size_t n = 0;

	while (*pattern) {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		if (n == PARAMS_MAX || !*path || *path == '/')
			return false;
		params[n++] = path;
		path += strcspn(path, "/");
		pattern = strchr(pattern, '}') + 1;
		if (!*pattern)
			return !*path;
		if (!*path)
			return false;
		*path++ = 0;
		pattern++; /* the slash */
	}
	return !*path;
}

static bool is_on(const struct route *route, int socket)
{
	unsigned int on = route->on ? route->on : ON_CONTROL;

	return on & (1u << (socket == SOCKET_TCP ? 0 : socket));
}

static void allow_add(char *allow, size_t room, const char *method)
{
	size_t used = strlen(allow);

	if (!strstr(allow, method))
		snprintf(allow + used, room - used, "%s%s", used ? ", " : "", method);
}

/* NULL with *ret_allow empty: no such path; with methods in it: the path has others. path is cut up on a match. */
static const struct route *find(const struct router *router, struct request *q, char *path, char *allow, size_t allow_room)
{
	for (size_t t = 0; t < router->tables_count; t++) {
		for (size_t i = 0; i < router->tables[t].n; i++) {
			const struct route *route = &router->tables[t].v[i];
			char copy[PATH_BYTES];

			strcpy(copy, path);
			if (!is_on(route, q->socket) || !matches(route->path, copy, q->params))
				continue;
			if (strcmp(route->method, strcmp(q->method, "HEAD") == 0 ? "GET" : q->method) == 0) {
				(void)matches(route->path, path, q->params);
				return route;
			}
			allow_add(allow, allow_room, route->method);
		}
	}
	return NULL;
}

unsigned int route_serve(const struct router *router, struct request *q)
{
	char path[PATH_BYTES], allow[sizeof(q->allow)] = "";
	const struct route *route;
	unsigned int status;

	if (q->body_size == SIZE_MAX)
		return refuse(q, 413, "too-large", NULL, "the body is larger than %u bytes", HTTP_BODY_MAX);
	if (strlen(q->path) >= sizeof(path))
		return refuse(q, 414, "uri-too-long", NULL, "the path is longer than %d bytes", PATH_BYTES - 1);
	strcpy(path, q->path);
	route = find(router, q, path, allow, sizeof(allow));
	if (!route && !*allow)
		return refuse(q, 404, "not-found", "docs/API.md lists what there is", "there is no %s", q->path);
	if (!route) {
		snprintf(q->allow, sizeof(q->allow), "%s", allow);
		return refuse(q, 405, "method-not-allowed", NULL, "%s is not possible here, only %s", q->method, allow);
	}
	q->route = route;
	status = router->allow(q, route);
	if (!status && q->query_count == SIZE_MAX)
		status = refuse(q, 400, "bad-parameter", NULL, "there are more than %d parameters, or one holds a NUL", QUERY_MAX);
	if (!status)
		status = shape_check_query(q, route->query);
	if (!status)
		status = shape_check_body(q, route->body);
	if (status)
		return status;
	return router->run ? router->run(q, route) : route->handle(q);
}
