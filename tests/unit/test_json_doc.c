// SPDX-License-Identifier: Apache-2.0
/*
 * test_json_doc.c - bounded texts, and mistakes found again in them by line and column
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/fields.h"

struct outer {
	const char *name;
	long long count;
	bool on;
	int colour;
	struct texts list;
	struct jat inner;
};

static const struct limits count_limits = {1, 9};
static const struct word colour_list[] = {{"red", 1}, {"green", 2}};
static const struct words colours = {"colour", colour_list, 2};
static const struct field fields[] = {
	{"name", read_text, offsetof(struct outer, name), true, NULL},
	{"count", read_number, offsetof(struct outer, count), false, &count_limits},
	{"on", read_bool, offsetof(struct outer, on), false, NULL},
	{"colour", read_word, offsetof(struct outer, colour), false, &colours},
	{"list", read_texts, offsetof(struct outer, list), false, NULL},
	{"inner", read_at, offsetof(struct outer, inner), false, NULL},
};

/* Parses and reads; the diagnoses are what the tests look at. */
static struct outer read_outer(const char *text, struct diags *d, struct pool **ret_pool, json_t **ret_root)
{
	struct outer out = {0};
	struct jdoc doc = {"x.json", text, strlen(text), d, pool_new(), NULL};
	struct jat root;

	*ret_pool = doc.pool;
	*ret_root = NULL;
	if (jdoc_parse(&doc, ret_root) == 0) {
		root = jat_root(&doc, *ret_root);
		fields_read(&root, fields, ARRAY_SIZE(fields), &out);
	}
	return out;
}

struct expected {
	const char *text, *message, *hint;
	unsigned int line, column;
};

static void check(const struct expected *e)
{
	struct diags d = {0};
	struct pool *pool;
	json_t *root;

	read_outer(e->text, &d, &pool, &root);
	if (!e->message) {
		if (d.n)
			fail_msg("%s: %s", e->text, d.v[0].message);
	} else {
		assert_int_equal(d.n, 1);
		if (!strstr(d.v[0].message, e->message) || d.v[0].line != e->line || d.v[0].column != e->column)
			fail_msg("%s: %u:%u: %s", e->text, d.v[0].line, d.v[0].column, d.v[0].message);
		if (e->hint)
			assert_true(d.v[0].hint && strstr(d.v[0].hint, e->hint));
		assert_string_equal(d.v[0].file, "x.json");
	}
	diags_done(&d);
	pool_free(pool);
	json_decref(root);
}

static void test_places(void **state)
{
	static const struct expected rows[] = {
		{"{\"name\": \"a\"}", NULL, NULL, 0, 0},
		{"{\"name\": \"a\", \"count\": 9, \"on\": true, \"colour\": \"red\", \"list\": [\"x\"]}", NULL, NULL, 0,
		 0},
		{"{\"name\": \"a\", \"list\": \"x\"}", NULL, NULL, 0, 0},
		{"{}", "\"name\" is missing", NULL, 1, 1},
		{"\n  {\"count\": 3}", "\"name\" is missing", NULL, 2, 3},
		{"{\"name\": 1}", "must be a string, not a number", NULL, 1, 10},
		{"{\"name\": \"\"}", "must not be empty", NULL, 1, 10},
		{"{\n \"name\": \"a\",\n \"count\":\n   10}", "between 1 and 9", NULL, 4, 4},
		{"{\"name\": \"a\", \"count\": 1.5}", "whole number", NULL, 1, 24},
		{"{\"name\": \"a\", \"on\": 1}", "true or false", NULL, 1, 21},
		{"{\"name\": \"a\", \"colour\": \"Red\"}", "unknown colour \"Red\"", "red or green", 1, 25},
		{"{\"name\": \"a\", \"nam\": 1}", "unknown field \"nam\"", "\"name\"", 1, 15},
		{"{\"name\": \"a\", \"zzzzzzzz\": 1}", "unknown field", NULL, 1, 15},
		{"{\"name\": \"a\", \"list\": [\"x\",\n 3]}", "must be a string", NULL, 2, 2},
		{"{\"name\": \"\xc3\xa9\", \"on\": 1}", "true or false", NULL, 1, 21},
		{"{\"n\\u0061me\": \"a\", \"on\": 1}", "true or false", NULL, 1, 26},
		{"{\"inner\": {\"a,}\": [1, \"]\\\"\"]}, \"name\": 3}", "must be a string", NULL, 1, 40},
		{"[1]", "must be an object, not an array", NULL, 1, 1},
		{"{\"name\": \"a\", \"name\": \"b\"}", "duplicate", "once", 1, 20},
		{"{\"name\": \"a\"", "", "not closed", 1, 12},
		{"{\"name\": \"a\",}", "", "comma", 1, 14},
		{"{\"name\": \"a\\u0000b\"}", "", NULL, 1, 19},
		{"", "", NULL, 1, 0},
		{"\xff", "", NULL, 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i]);
}

static void test_all_at_once(void **state)
{
	struct diags d = {0};
	struct pool *pool;
	json_t *root;

	(void)state;
	read_outer("{\"nmae\": 1, \"count\": 0, \"on\": 3, \"colour\": \"blue\"}", &d, &pool, &root);
	assert_int_equal(d.errors, 5);
	diags_done(&d);
	pool_free(pool);
	json_decref(root);
}

static int parse(char *text, size_t size)
{
	struct diags d = {0};
	struct jdoc doc = {"x", text, size, &d, NULL, NULL};
	json_t *root = NULL;
	int r = jdoc_parse(&doc, &root);

	json_decref(root);
	diags_done(&d);
	return r;
}

static void test_limits(void **state)
{
	char *text = malloc(JSON_TEXT_MAX + 2);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', JSON_TEXT_MAX + 2);
	memcpy(text, "[]", 2);
	assert_int_equal(parse(text, JSON_TEXT_MAX), 0);
	assert_int_equal(parse(text, JSON_TEXT_MAX + 1), -EINVAL);
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_int_equal(parse(text, 2 * JSON_DEPTH_MAX), 0);
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_int_equal(parse(text, 2 * JSON_DEPTH_MAX + 2), -EINVAL);
	/* Brackets in strings have no depth. */
	text[0] = '[';
	text[1] = '"';
	memset(text + 2, '[', 100);
	memcpy(text + 102, "\"]", 2);
	assert_int_equal(parse(text, 104), 0);
	free(text);
}

/* Hundreds of thousands of mistakes: the first ones are shown, and it does not take long. */
static void test_flood(void **state)
{
	static const struct field one = {.arg = &count_limits};
	char *text = malloc(JSON_TEXT_MAX);
	struct diags d = {0};
	struct jdoc doc = {"x", text, 0, &d, NULL, NULL};
	json_t *root = NULL;
	struct jat at;

	(void)state;
	assert_non_null(text);
	for (doc.size = 0; doc.size + 3 < JSON_TEXT_MAX; doc.size += 2)
		memcpy(text + doc.size, doc.size ? ",0" : "[0", 2);
	text[doc.size++] = ']';
	assert_int_equal(jdoc_parse(&doc, &root), 0);
	at = jat_root(&doc, root);
	for (size_t i = 0; i < json_array_size(root); i++) {
		struct jat element = jat_element(&at, i);
		long long value;

		read_number(&element, &one, &value);
	}
	assert_int_equal(d.n, DIAGS_MAX);
	assert_int_equal(d.errors, json_array_size(root));
	assert_true(d.full);
	diags_done(&d);
	json_decref(root);
	free(text);
}

/* A remembered place changes where the search begins, not what it finds: forwards, backwards, inside of elements. */
static void test_mark(void **state)
{
	static const char text[] = "[{\"a\": 1},\n  [2, 3],\n \"x,]\",  {\"b\": [4,\n5]}]";
	static const size_t order[] = {0, 1, 1, 3, 2, 3, 0, 2};
	struct jdoc_mark mark = {0};
	struct diags d = {0};
	struct jdoc doc = {"x", text, sizeof(text) - 1, &d, NULL, NULL}, marked = doc;
	json_t *root = NULL;
	struct jat at, fast;

	(void)state;
	marked.mark = &mark;
	assert_int_equal(jdoc_parse(&doc, &root), 0);
	at = jat_root(&doc, root);
	fast = jat_root(&marked, root);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct jat one = jat_element(&at, order[i]), same = jat_element(&fast, order[i]);
		struct jat inner = jat_member(&one, "b"), inner_same = jat_member(&same, "b");
		struct jat deep = jat_element(&inner, 1), deep_same = jat_element(&inner_same, 1);
		const struct jat *const pairs[][2] = {{&one, &same}, {&deep, &deep_same}, {&inner, &inner_same}};

		for (size_t k = 0; k < (order[i] == 3 ? 3 : 1); k++) {
			unsigned int line, column, line_same, column_same;

			jat_locate(pairs[k][0], false, &line, &column);
			jat_locate(pairs[k][1], false, &line_same, &column_same);
			assert_int_not_equal(line, 0);
			assert_int_equal(line, line_same);
			assert_int_equal(column, column_same);
		}
	}
	json_decref(root);
	diags_done(&d);
}

static void test_pool(void **state)
{
	struct pool *p = pool_new();
	char *first = pool_text(p, "first"), *large = pool_alloc(p, 1, 1 << 20);

	(void)state;
	assert_non_null(large);
	large[(1 << 20) - 1] = 1;
	for (int i = 0; i < 10000; i++)
		assert_non_null(pool_printf(p, "%d", i));
	assert_string_equal(first, "first");
	assert_null(pool_alloc(p, SIZE_MAX / 2, 3));
	pool_free(p);
	pool_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places), cmocka_unit_test(test_all_at_once), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_flood),  cmocka_unit_test(test_pool),	   cmocka_unit_test(test_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
