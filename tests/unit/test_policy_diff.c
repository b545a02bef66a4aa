// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_diff.c - what changes is said, in declarations and in decisions; what does not is not
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/diff.h"
#include "policy/diff_parts.h"
#include "policy_fixture.h"

static const char host[] = "[{\"schema\":\"cvf.capability/"
			   "v1\",\"id\":\"t.write\",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"HIGH\"},"
			   "\"match\":{\"file\":[{\"path\":\"/srv/{a,b}/*.c\",\"ops\":[\"write\"]}]}},"
			   "{\"schema\":\"cvf.agent/v1\",\"id\":\"a\",\"capabilities\":[\"t.*\"]},"
			   "{\"schema\":\"cvf.agent/v1\",\"id\":\"b\",\"capabilities\":[\"t.*\"]},"
			   "{\"schema\":\"cvf.policy/v1\",\"id\":\"p\",\"rules\":["
			   "{\"id\":\"one\",\"when\":{\"path\":[\"/one/**\"]},\"effect\":\"DENY\"},"
			   "{\"id\":\"two\",\"when\":{\"path\":[\"/two/**\"]},\"effect\":\"DENY\"}]}]";

static json_t *compare(const char *candidate)
{
	struct fixture before, after;
	struct diff *d = NULL;
	json_t *result;
	int r;

	fixture_begin(&before);
	fixture_begin(&after);
	assert_int_equal(fixture_add(&before, host), 0);
	assert_int_equal(fixture_add(&after, host), 0);
	assert_int_equal(model_load_candidate(after.m, candidate, strlen(candidate), "new", 0xf, &after.d), 0);
	assert_int_equal(diff_new(before.m, after.m, FIXTURE_NOW, &d), 0);
	while ((r = diff_step(d, 7)) > 0)
		;
	assert_int_equal(r, 0);
	result = diff_result(d);
	assert_non_null(result);
	diff_free(d);
	fixture_done(&before);
	fixture_done(&after);
	return result;
}

static const json_t *find(const json_t *result, const char *list, const char *key, const char *value)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(result, list), i, one)
		if (strcmp(json_string_value(json_object_get(one, key)), value) == 0)
			return one;
	return NULL;
}

static const char *text(const json_t *one, const char *key)
{
	return json_string_value(json_object_get(one, key));
}

static void test_nothing(void **state)
{
	json_t *same = compare("[]");

	(void)state;
	assert_int_equal(json_array_size(json_object_get(same, "changes")), 0);
	assert_int_equal(json_array_size(json_object_get(same, "decisions")), 0);
	assert_in_range(json_integer_value(json_object_get(same, "operations")), 50, 1000);
	assert_int_equal(json_integer_value(json_object_get(same, "agents_judged")), 2);
	json_decref(same);
}

static void test_a_rule(void **state)
{
	json_t *result = compare(
		"{\"schema\":\"cvf.policy/v1\",\"id\":\"q\",\"rules\":["
		"{\"id\":\"no\",\"when\":{\"capability\":[\"t.write\"],\"agent\":[\"a\"]},\"effect\":\"DENY\"}]}");
	const json_t *one;

	(void)state;
	assert_non_null(find(result, "changes", "id", "q"));
	one = find(result, "changes", "id", "q/no");
	assert_string_equal(text(one, "kind"), "rule");
	assert_string_equal(text(one, "change"), "added");
	assert_int_equal(json_array_size(json_object_get(result, "changes")), 2);
	one = find(result, "decisions", "operation", "write /srv/a/x.c");
	assert_non_null(one);
	assert_string_equal(text(one, "words"), "was held for approval, would be denied (t.write, rule q/no)");
	assert_int_equal(json_array_size(json_object_get(one, "agents")), 1);
	assert_string_equal(text(json_object_get(one, "before"), "verdict"), "hold");
	assert_string_equal(text(json_object_get(one, "after"), "verdict"), "deny");
	assert_int_equal(json_integer_value(json_object_get(result, "decisions_changed")), 1);
	json_decref(result);
}

static void test_one_line_for_all_agents(void **state)
{
	json_t *result = compare("{\"schema\":\"cvf.policy/v1\",\"id\":\"q\",\"rules\":["
				 "{\"id\":\"no\",\"when\":{\"capability\":[\"t.write\"]},\"effect\":\"DENY\"}]}");
	const json_t *one = find(result, "decisions", "operation", "write /srv/a/x.c");

	(void)state;
	assert_int_equal(json_array_size(json_object_get(one, "agents")), 2);
	assert_int_equal(json_array_size(json_object_get(result, "decisions")), 1);
	json_decref(result);
}

static void test_words(void **state)
{
	json_t *result =
		compare("[{\"schema\":\"cvf.policy/v1\",\"id\":\"p\",\"priority\":5,\"rules\":["
			"{\"id\":\"two\",\"when\":{\"path\":[\"/two/**\"]},\"effect\":\"DENY\"},"
			"{\"id\":\"one\",\"when\":{\"path\":[\"/uno/**\"]},\"effect\":\"REQUIRE_APPROVAL\"}]},"
			"{\"schema\":\"cvf.agent/v1\",\"id\":\"b\",\"capabilities\":[\"t.*\"],\"mode\":\"observe\"}]");

	(void)state;
	assert_string_equal(text(find(result, "changes", "id", "p"), "words"), "priority: 5, was 0");
	assert_string_equal(
		text(find(result, "changes", "id", "p/one"), "words"),
		"when.path: without \"/one/**\" with \"/uno/**\"; effect: \"REQUIRE_APPROVAL\", was \"DENY\"; "
		"comes after rules that it came before");
	assert_null(find(result, "changes", "id", "p/two"));
	assert_string_equal(text(find(result, "changes", "id", "b"), "words"), "mode: \"observe\", was \"enforce\"");
	json_decref(result);
	result = compare("{\"schema\":\"cvf.policy/v1\",\"id\":\"p\",\"rules\":[]}");
	assert_string_equal(text(find(result, "changes", "id", "p/two"), "change"), "removed");
	assert_non_null(find(result, "decisions", "operation", "write /two/x"));
	json_decref(result);
}

static void test_examples_of_globs(void **state)
{
	static const char *const rows[][2] = {
		{"/a/**", "/a/x"},
		{"/{a,b{c,d}}/[!q]?", "/a/xx"},
		{"/{,usr/}bin/[gh]it", "/bin/git"},
		{"a\\*b", "a*b"},
	};
	struct pool *pool = pool_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(glob_example(pool, rows[i][0]), rows[i][1]);
	pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_a_rule),
		cmocka_unit_test(test_one_line_for_all_agents),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_examples_of_globs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
