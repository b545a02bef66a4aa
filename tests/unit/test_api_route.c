// SPDX-License-Identifier: Apache-2.0
/* test_api_route.c - paths to handlers, permission before work, strict bodies */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "api/route.h"

static const struct route *allowed;
static unsigned int allow_status;
static char seen[128];

static unsigned int handle(struct request *q)
{
	snprintf(seen, sizeof(seen), "%s|%s", q->params[0] ? q->params[0] : "-", q->params[1] ? q->params[1] : "-");
	return reply(q, 200, json_object());
}

static unsigned int allow(struct request *q, const struct route *route)
{
	allowed = route;
	return allow_status ? refuse(q, allow_status, "no", NULL, "no") : 0;
}

static const struct route table[] = {
	{ "GET", "/v1/things", ROLE_VIEWER, 0, handle, "s", NULL },
	{ "POST", "/v1/things", ROLE_ADMIN, 0, handle, "s", NULL },
	{ "GET", "/v1/things/{id}", ROLE_VIEWER, 0, handle, "s", NULL },
	{ "DELETE", "/v1/things/{id}", ROLE_ADMIN, 0, handle, "s", NULL },
	{ "POST", "/v1/things/{id}/parts/{part}", ROLE_ADMIN, 0, handle, "s", NULL },
	{ "GET", "/v1/why", ROLE_VIEWER, ON_CONTROL | ON_AGENT, handle, "s", NULL },
};
static const struct routes tables[] = { { table, ARRAY_SIZE(table), "Things" } };
static const struct router router = { tables, 1, allow };

static unsigned int ask(const char *method, const char *path, int socket)
{
	struct request q = { .method = method, .path = path, .body = "", .socket = socket };
	unsigned int status;

	seen[0] = 0;
	allowed = NULL;
	status = route_serve(&router, &q);
	json_decref(q.reply);
	return status;
}

static void test_paths(void **state)
{
	(void)state;
	assert_int_equal(ask("GET", "/v1/things", 0), 200);
	assert_string_equal(seen, "-|-");
	assert_int_equal(ask("GET", "/v1/things/a.b-c", 0), 200);
	assert_string_equal(seen, "a.b-c|-");
	assert_int_equal(ask("POST", "/v1/things/x/parts/y", 0), 200);
	assert_string_equal(seen, "x|y");
	assert_int_equal(ask("GET", "/v1/things/", 0), 404);
	assert_int_equal(ask("GET", "/v1/things/a/b", 0), 404);
	assert_int_equal(ask("GET", "/v1/thing", 0), 404);
	assert_int_equal(ask("GET", "/v1/thingsx", 0), 404);
	assert_int_equal(ask("GET", "", 0), 404);
	assert_int_equal(ask("POST", "/v1/things//parts/y", 0), 404);
	assert_int_equal(ask("POST", "/v1/things/x/parts/", 0), 404);
}

static void test_methods(void **state)
{
	(void)state;
	assert_int_equal(ask("DELETE", "/v1/things", 0), 405);
	assert_int_equal(ask("PUT", "/v1/things/a", 0), 405);
	assert_null(allowed);
	assert_int_equal(ask("get", "/v1/things", 0), 405);
}

static void test_permission_is_asked_before_the_handler_runs(void **state)
{
	(void)state;
	allow_status = 403;
	assert_int_equal(ask("DELETE", "/v1/things/a", 0), 403);
	assert_int_equal(allowed->role, ROLE_ADMIN);
	assert_string_equal(seen, "");
	allow_status = 0;
	assert_int_equal(ask("DELETE", "/v1/things/a", 0), 200);
}

static void test_a_socket_has_its_own_routes(void **state)
{
	(void)state;
	assert_int_equal(ask("GET", "/v1/why", 0), 200);
	assert_int_equal(ask("GET", "/v1/why", 1), 200);
	assert_int_equal(ask("GET", "/v1/things", 1), 404);
	assert_int_equal(ask("POST", "/v1/why", 1), 405);
}

static void test_long_paths_and_bodies(void **state)
{
	char path[5000];
	struct request q = { .method = "GET", .path = "/v1/things", .body = "", .body_size = SIZE_MAX };

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = 0;
	assert_int_equal(ask("GET", path, 0), 414);
	assert_int_equal(route_serve(&router, &q), 413);
	json_decref(q.reply);
}

static json_t *body(const char *text, unsigned int *ret_status)
{
	static const char *const members[] = { "name", "count", NULL };
	struct request q = { .body = text, .body_size = strlen(text) };
	json_t *object = request_object(&q, members, ret_status);

	json_decref(q.reply);
	return object;
}

static void test_bodies(void **state)
{
	static const char *const bad[] = { "[]", "1", "\"x\"", "{", "{\"name\":1}x", "{\"nmae\":1}", "{\"name\":1,\"name\":2}", "nul", "{\"name\":\"\\ud800\"}" };
	unsigned int status = 0;
	json_t *object = body("{\"name\":\"a\",\"count\":3}", &status);

	(void)state;
	assert_non_null(object);
	json_decref(object);
	object = body("", &status);
	assert_non_null(object);
	json_decref(object);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		status = 0;
		assert_null(body(bad[i], &status));
		assert_int_equal(status, 400);
	}
}

static void test_members(void **state)
{
	struct request q = { .body = "" };
	json_t *object = json_loads("{\"t\":\"text\",\"n\":5,\"z\":null,\"nul\":\"a\\u0000b\",\"b\":true}", JSON_ALLOW_NUL, NULL);
	const char *text;
	int64_t n = -1;

	(void)state;
	assert_int_equal(member_text(&q, object, "t", 4, &text), 1);
	assert_string_equal(text, "text");
	assert_int_equal(member_text(&q, object, "t", 3, &text), -1);
	assert_int_equal(member_text(&q, object, "none", 3, &text), 0);
	assert_null(text);
	assert_int_equal(member_text(&q, object, "z", 3, &text), 0);
	assert_int_equal(member_text(&q, object, "n", 3, &text), -1);
	assert_int_equal(member_text(&q, object, "nul", 9, &text), -1);
	assert_int_equal(member_int(&q, object, "n", 1, 5, &n), 1);
	assert_int_equal(n, 5);
	assert_int_equal(member_int(&q, object, "n", 6, 9, &n), -1);
	assert_int_equal(member_int(&q, object, "b", 0, 9, &n), -1);
	assert_int_equal(member_int(&q, object, "none", 0, 9, &n), 0);
	json_decref(object);
	json_decref(q.reply);
}

static void test_a_message_that_quotes_no_text_is_still_an_answer(void **state)
{
	struct request q = { .body = "" };
	const json_t *error;

	(void)state;
	assert_int_equal(refuse(&q, 404, "not-found", "a hint", "there is no %s", "\xff\xfe"), 404);
	error = json_object_get(q.reply, "error");
	assert_string_equal(json_string_value(json_object_get(error, "code")), "not-found");
	assert_non_null(json_object_get(error, "message"));
	assert_string_equal(json_string_value(json_object_get(error, "hint")), "a hint");
	json_decref(q.reply);
}

static void test_the_document_names_every_route(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	routes_print(tables, 1, out);
	fclose(out);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char line[128];

		snprintf(line, sizeof(line), "### `%s %s`\n", table[i].method, table[i].path);
		assert_non_null(strstr(text, line));
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_permission_is_asked_before_the_handler_runs),
		cmocka_unit_test(test_a_socket_has_its_own_routes),
		cmocka_unit_test(test_long_paths_and_bodies),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_a_message_that_quotes_no_text_is_still_an_answer),
		cmocka_unit_test(test_the_document_names_every_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
