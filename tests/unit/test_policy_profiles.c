// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_profiles.c - which profiles may be extended; what comes of it is in tests/policy/extends.case
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_fixture.h"

#define EXTENDING(id, extends) "{\"schema\":\"cvf.profile/v1\",\"id\":\"" id "\",\"extends\":[" extends "]}"

static void expect_whole(const char *text, const char *message, const char *hint)
{
	struct fixture f;

	fixture_begin(&f);
	assert_int_equal(fixture_add(&f, text), 0);
	assert_int_equal(model_check(f.m, &f.d), message ? -EINVAL : 0);
	if (message && (!strstr(f.d.v[0].message, message) || (hint && !(f.d.v[0].hint && strstr(f.d.v[0].hint, hint)))))
		fail_msg("%s: %s (%s)", text, f.d.v[0].message, f.d.v[0].hint ? f.d.v[0].hint : "");
	if (message)
		assert_true(f.d.v[0].line == 1 && f.d.v[0].column >= 1);
	fixture_done(&f);
}

static void test_found(void **state)
{
	(void)state;
	expect_whole("[" EXTENDING("base", "") "," EXTENDING("f", "\"base\"") "]", NULL, NULL);
	expect_whole("[" EXTENDING("base", "") "," EXTENDING("f", "\"bass\"") "]",
		     "\"f\" extends a profile that does not exist: \"bass\"", "did you mean \"base\"");
}

static void test_circles(void **state)
{
	(void)state;
	/* By two ways to the same one is none. */
	expect_whole("[" EXTENDING("a", "") "," EXTENDING("b", "\"a\"") "," EXTENDING("c", "\"a\",\"b\"") "]", NULL,
		     NULL);
	expect_whole("[" EXTENDING("a", "\"a\"") "]", "extends itself, by way of \"a\"", "take one \"extends\" out");
	expect_whole("[" EXTENDING("a", "\"b\"") "," EXTENDING("b", "\"a\"") "]", "extends itself", NULL);
}

/* p0, and each of the others on top of the one before. */
static void expect_chain(int n, const char *message, const char *hint)
{
	char text[4096] = "[" EXTENDING("p0", "");

	for (int i = 1; i < n; i++) {
		size_t size = strlen(text);

		snprintf(text + size, sizeof(text) - size, "," EXTENDING("p%d", "\"p%d\""), i, i - 1);
	}
	strcat(text, "]");
	expect_whole(text, message, hint);
}

static void test_depth(void **state)
{
	(void)state;
	expect_chain(16, NULL, NULL);
	expect_chain(17, "extends too many profiles", "at most 16");
}

/* What the risk would come to without any rule, and is lifted, hides no limit of the base. */
static void test_a_limit_stays(void **state)
{
	static const char text[] =
		"[{\"schema\":\"cvf.capability/v1\",\"id\":\"c\",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"MEDIUM\"},"
		"\"match\":{\"file\":[{\"path\":\"/x\",\"ops\":[\"write\"]}]}},"
		"{\"schema\":\"cvf.profile/v1\",\"id\":\"base\",\"capabilities\":[\"c\"],\"rules\":[{\"effect\":\"DENY\",\"when\":"
		"{\"rate\":{\"more_than\":6,\"within_s\":60}}}]},"
		"{\"schema\":\"cvf.profile/v1\",\"id\":\"leaf\",\"extends\":[\"base\"],\"rules\":[{\"effect\":\"REQUIRE_APPROVAL\"}]},"
		"{\"schema\":\"cvf.agent/v1\",\"id\":\"a\",\"profile\":\"leaf\"}]";
	struct query q = {.agent = "a", .op = CVF_OP_WRITE, .object = "/x", .now = FIXTURE_NOW, .recent = 6};
	struct fixture f;

	(void)state;
	fixture_load(&f, text);
	fixture_expect(&f, &q, CVF_VERDICT_HOLD, CVF_REASON_POLICY_APPROVAL);
	q.recent = 7;
	fixture_expect(&f, &q, CVF_VERDICT_DENY, CVF_REASON_RATE);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_circles),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_a_limit_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
