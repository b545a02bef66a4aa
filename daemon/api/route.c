// SPDX-License-Identifier: Apache-2.0
/* route.c - see route.h */
#include "route.h"

#include <stdarg.h>
#include <string.h>

#define PATH_BYTES 512

static const struct {
	enum role role;
	const char *name;
} role_names[] = {
	{ ROLE_NONE, "anybody" },	{ ROLE_VIEWER, "viewer" }, { ROLE_OPERATOR, "operator" },
	{ ROLE_APPROVER, "approver" }, { ROLE_ADMIN, "admin" },
};

unsigned int reply(struct request *q, unsigned int status, json_t *take_body)
{
	json_decref(q->reply);
	q->reply = take_body;
	return take_body ? status : refuse(q, 500, "no-memory", NULL, "out of memory");
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
	body = json_pack("{s:{s:s, s:s}}", "error", "code", code, "message", message ? message : code);
	if (!body) /* the message quotes bytes that are not UTF-8 */
		body = json_pack("{s:{s:s, s:s}}", "error", "code", code, "message", "the request is refused");
	if (body && hint)
		json_object_set_new(json_object_get(body, "error"), "hint", json_string(hint));
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

	return on & (1u << socket);
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
			if (strcmp(route->method, q->method) == 0) {
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
	char path[PATH_BYTES], allow[64] = "";
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
		q->allow = strcmp(allow, "GET") == 0 ? "GET" : strcmp(allow, "POST") == 0 ? "POST" : "GET, POST, DELETE";
		return refuse(q, 405, "method-not-allowed", NULL, "%s is not possible here, only %s", q->method, allow);
	}
	status = router->allow(q, route);
	return status ? status : route->handle(q);
}

static bool is_member(const char *const *members, const char *key)
{
	for (; *members; members++)
		if (strcmp(*members, key) == 0)
			return true;
	return false;
}

json_t *request_object(struct request *q, const char *const *members, unsigned int *ret_status)
{
	json_error_t e;
	json_t *object;
	const char *key;
	json_t *value;

	if (!q->body_size)
		return json_object();
	object = json_loadb(q->body, q->body_size, JSON_REJECT_DUPLICATES, &e);
	if (!json_is_object(object)) {
		json_decref(object);
		*ret_status = refuse(q, 400, "bad-json", "send a JSON object", "the body is not a JSON object%s%s",
				     e.text[0] ? ": " : "", e.text);
		return NULL;
	}
	json_object_foreach(object, key, value) {
		if (is_member(members, key))
			continue;
		*ret_status = refuse(q, 400, "unknown-member", NULL, "the body has an unknown member \"%s\"", key);
		json_decref(object);
		return NULL;
	}
	return object;
}

int member_text(struct request *q, const json_t *object, const char *name, size_t max, const char **ret_text)
{
	const json_t *value = json_object_get(object, name);

	*ret_text = NULL;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value) || json_string_length(value) > max ||
	    strlen(json_string_value(value)) != json_string_length(value)) {
		refuse(q, 400, "bad-value", NULL, "\"%s\" must be a string of at most %zu bytes", name, max);
		return -1;
	}
	*ret_text = json_string_value(value);
	return 1;
}

int member_int(struct request *q, const json_t *object, const char *name, int64_t min, int64_t max, int64_t *ret_value)
{
	const json_t *value = json_object_get(object, name);

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max) {
		refuse(q, 400, "bad-value", NULL, "\"%s\" must be a whole number from %lld to %lld", name, (long long)min,
		       (long long)max);
		return -1;
	}
	*ret_value = json_integer_value(value);
	return 1;
}

static const char *role_name(enum role role)
{
	for (size_t i = 0; i < ARRAY_SIZE(role_names); i++)
		if (role_names[i].role == role)
			return role_names[i].name;
	return "admin";
}

static const char *socket_names(const struct route *route)
{
	static const char *const names[] = { "control", "control", "agent", "control, agent" };

	return names[route->on & 3];
}

void routes_print(const struct routes *tables, size_t count, FILE *out)
{
	for (size_t t = 0; t < count; t++) {
		fprintf(out, "\n## %s\n", tables[t].title);
		for (size_t i = 0; i < tables[t].n; i++) {
			const struct route *r = &tables[t].v[i];

			fprintf(out, "\n### `%s %s`\n\n%s. Role: %s. Socket: %s.\n", r->method, r->path, r->summary,
				role_name(r->role), socket_names(r));
			if (r->details)
				fprintf(out, "\n%s\n", r->details);
		}
	}
}
