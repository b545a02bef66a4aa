// SPDX-License-Identifier: Apache-2.0
/* test_api_route.c - paths to handlers, permission before work, strict bodies */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "api/document.h"

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

static const struct shape query = SHAPE(NULL, M(NUMBER, "limit", .min = 1, .max = 10, .preset = "7"), M(WORD, "state", .words = "new|newer"),
	M(TIME, "since"), M(TEXT, "name", .max = 4),);
static const struct shape part = SHAPE("part", M(TEXT, "text", .flags = NEEDED),);
static const struct shape body = SHAPE(NULL, M(TEXT, "name", .flags = NEEDED, .max = 4), M(NUMBER, "count", .min = -2, .max = 5),
	M(YES_NO, "yes"), M(WORD, "state", .words = "new|newer", .preset = "new"), M(TEXT, "many", .flags = MANY), M(OBJECT, "part", .of = &part),
	M(REAL, "share"), M(ANY, "any"),);
static const struct shape thing = SHAPE("thing", M(TEXT, "id"), M(OBJECT, "part", .flags = OR_NULL, .of = &part),
	M(WORD, "state", .words = "new|newer", .flags = SOMETIMES | OR_NULL),);
static const struct shape raw = RAW("anything");

static const struct route table[] = {
	{ "GET", "/v1/things", ROLE_VIEWER, 0, handle, "s", .query = &query },
	{ "POST", "/v1/things", ROLE_ADMIN, 0, handle, "s", .body = &body, .answer = &thing, .status = 201 },
	{ "GET", "/v1/things/{id}", ROLE_VIEWER, 0, handle, "s", .answer = &thing },
	{ "DELETE", "/v1/things/{id}", ROLE_ADMIN, 0, handle, "s", "details", .answer = &thing },
	{ "POST", "/v1/things/{id}/parts/{part}", ROLE_ADMIN, 0, handle, "s", .body = &raw },
	{ "GET", "/v1/why", ROLE_VIEWER, ON_CONTROL | ON_AGENT, handle, "s", .type = "text/event-stream" },
};
static const struct routes tables[] = { { table, ARRAY_SIZE(table), "Things" } };
static const struct router router = { .tables = tables, .tables_count = 1, .allow = allow };

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

/* The status of POST /v1/things with a body. */
static unsigned int post(const char *path, const char *text)
{
	struct request q = { .method = "POST", .path = path, .body = text, .body_size = strlen(text) };
	unsigned int status;

	seen[0] = 0;
	status = route_serve(&router, &q);
	json_decref(q.reply);
	json_decref(q.object);
	return status;
}

static void test_bodies(void **state)
{
	static const char *const good[] = {
		"{\"name\":\"a\"}", "{\"name\":\"a\",\"count\":-2}", "{\"name\":\"a\",\"count\":null}", "{\"name\":\"abcd\",\"yes\":true}",
		"{\"name\":\"a\",\"state\":\"newer\",\"many\":[\"x\",\"y\"]}", "{\"name\":\"a\",\"part\":{\"text\":\"t\"},\"share\":1,\"any\":[{}]}",
	};
	static const char *const bad[] = {
		"", "{}", "[]", "1", "\"x\"", "{", "{\"name\":1}", "{\"name\":\"a\"}x", "{\"nmae\":\"a\"}", "{\"name\":\"a\",\"name\":\"b\"}", "nul",
		"{\"name\":\"\\ud800\"}", "{\"name\":\"abcde\"}", "{\"name\":\"\"}", "{\"name\":null}", "{\"name\":\"a\\u0000\"}",
		"{\"name\":\"a\",\"count\":6}", "{\"name\":\"a\",\"count\":-3}", "{\"name\":\"a\",\"count\":1.5}", "{\"name\":\"a\",\"count\":\"1\"}",
		"{\"name\":\"a\",\"count\":1e400}", "{\"name\":\"a\",\"yes\":1}", "{\"name\":\"a\",\"state\":\"ne\"}", "{\"name\":\"a\",\"state\":\"\"}",
		"{\"name\":\"a\",\"state\":\"new|newer\"}", "{\"name\":\"a\",\"many\":\"x\"}", "{\"name\":\"a\",\"many\":[1]}", "{\"name\":\"a\",\"part\":{}}",
		"{\"name\":\"a\",\"part\":{\"text\":\"t\",\"more\":1}}", "{\"name\":\"a\",\"part\":[]}", "{\"name\":\"a\",\"share\":\"1\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(post("/v1/things", good[i]), 200);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(post("/v1/things", bad[i]), 400);
		assert_string_equal(seen, ""); /* the handler did not run */
	}
	assert_int_equal(post("/v1/things/x/parts/y", "anything [{"), 200);
}

static void test_a_body_may_not_be_nested_deeply(void **state)
{
	char text[512] = "{\"name\":\"a\",\"any\":";
	size_t n = strlen(text);

	(void)state;
	memset(text + n, '[', 100);
	memset(text + n + 100, ']', 100);
	text[n + 200] = '}';
	assert_int_equal(post("/v1/things", text), 400);
	memmove(text + n + 10, text + n + 190, 12);
	memset(text + n, '[', 10);
	memset(text + n + 10, ']', 10);
	strcpy(text + n + 20, "}");
	assert_int_equal(post("/v1/things", text), 200);
}

static unsigned int ask_with(const char *name, const char *value, const char *name2, const char *value2)
{
	struct request q = { .method = "GET", .path = "/v1/things", .body = "", .query = { { name, value }, { name2, value2 } },
			     .query_count = name2 ? 2 : 1 };
	unsigned int status = route_serve(&router, &q);

	json_decref(q.reply);
	return status;
}

static void test_queries(void **state)
{
	static const char *const good[][2] = { { "limit", "1" }, { "limit", "10" }, { "state", "new" }, { "since", "15m" },
					       { "since", "2025-01-31T12:00:00Z" }, { "name", "abcd" }, { "name", "" } };
	static const char *const bad[][2] = { { "limit", "0" }, { "limit", "11" }, { "limit", "" }, { "limit", "1x" }, { "limit", "-1" },
					      { "state", "" }, { "state", "old" }, { "since", "15" }, { "name", "abcde" }, { "limits", "1" },
					      { "", "" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(ask_with(good[i][0], good[i][1], NULL, NULL), 200);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(ask_with(bad[i][0], bad[i][1], NULL, NULL), 400);
	assert_int_equal(ask_with("limit", "1", "state", "new"), 200);
	assert_int_equal(ask_with("limit", "1", "limit", "1"), 400);
}

static void test_what_is_absent_has_its_preset(void **state)
{
	struct request q = { .route = &table[0], .query = { { "name", "x" } }, .query_count = 1 };

	(void)state;
	assert_int_equal(query_number(&q, "limit"), 7);
	assert_string_equal(query_text(&q, "name"), "x");
	assert_null(query_text(&q, "state"));
	assert_int_equal(query_time(&q, "since"), 0);
	q = (struct request){ .route = &table[1], .object = json_pack("{s:s, s:i, s:n}", "name", "n", "count", 3, "state") };
	assert_string_equal(body_text(&q, "name"), "n");
	assert_string_equal(body_text(&q, "state"), "new");
	assert_null(body_text(&q, "many"));
	assert_int_equal(body_number(&q, "count"), 3);
	json_decref(q.object);
}

static void test_openapi(void **state)
{
	json_t *document = openapi_document(tables, 1, "1.2.3"), *path, *one;
	const char *needed;

	(void)state;
	assert_string_equal(json_string_value(json_object_get(document, "openapi")), "3.1.0");
	path = json_object_get(json_object_get(document, "paths"), "/v1/things/{id}/parts/{part}");
	one = json_object_get(path, "post");
	assert_string_equal(json_string_value(json_object_get(one, "operationId")), "post_v1_things_id_parts_part");
	assert_int_equal(json_array_size(json_object_get(one, "parameters")), 2);
	one = json_object_get(json_object_get(json_object_get(document, "paths"), "/v1/things"), "post");
	assert_non_null(json_object_get(json_object_get(one, "responses"), "201"));
	one = json_object_get(json_object_get(json_object_get(json_object_get(one, "requestBody"), "content"), "application/json"), "schema");
	needed = json_string_value(json_array_get(json_object_get(one, "required"), 0));
	assert_string_equal(needed, "name");
	assert_true(json_is_false(json_object_get(one, "additionalProperties")));
	one = json_object_get(json_object_get(document, "components"), "schemas");
	assert_non_null(json_object_get(one, "thing"));
	assert_non_null(json_object_get(one, "part"));
	assert_non_null(json_object_get(one, "problem"));
	json_decref(document);
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
		cmocka_unit_test(test_a_body_may_not_be_nested_deeply),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_what_is_absent_has_its_preset),
		cmocka_unit_test(test_openapi),
		cmocka_unit_test(test_a_message_that_quotes_no_text_is_still_an_answer),
		cmocka_unit_test(test_the_document_names_every_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
