// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_state.c - the life of a capability: proposed, active, deprecated, retired; what each means for a verdict
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_fixture.h"

#define CAP(id, level, path, rest)                                                                                     \
	"{\"schema\":\"cvf.capability/v1\",\"id\":\"" id "\",\"operation_type\":\"WRITE\",\"risk\":{\"level\":"       \
	"\"" level "\"},\"match\":{\"file\":[{\"path\":\"" path "\",\"ops\":[\"write\"]}]}" rest "}"
#define STATE(state) ",\"state\":\"" state "\""
#define AGENT	     ",{\"schema\":\"cvf.agent/v1\",\"id\":\"a\",\"capabilities\":[\"t.*\"]}"

static void expect(const char *text, enum cvf_verdict verdict, enum cvf_reason reason)
{
	struct query q = {.agent = "a", .op = CVF_OP_WRITE, .object = "/x/y", .now = FIXTURE_NOW};
	struct fixture f;

	fixture_load(&f, text);
	fixture_expect(&f, &q, verdict, reason);
	fixture_done(&f);
}

/* The same declaration, one word apart; the image says the same each time. */
static void test_verdicts(void **state)
{
	(void)state;
	expect("[" CAP("t.c", "LOW", "/x/**", "") AGENT "]", CVF_VERDICT_ALLOW, CVF_REASON_LOW_RISK);
	expect("[" CAP("t.c", "LOW", "/x/**", STATE("ACTIVE")) AGENT "]", CVF_VERDICT_ALLOW, CVF_REASON_LOW_RISK);
	expect("[" CAP("t.c", "LOW", "/x/**", STATE("DEPRECATED")) AGENT "]", CVF_VERDICT_ALLOW, CVF_REASON_LOW_RISK);
	expect("[" CAP("t.c", "LOW", "/x/**", STATE("PROPOSED")) AGENT "]", CVF_VERDICT_HOLD, CVF_REASON_UNREGISTERED);
	expect("[" CAP("t.c", "LOW", "/x/**", STATE("RETIRED")) AGENT "]", CVF_VERDICT_DENY, CVF_REASON_RETIRED);
}

/* What a capability guarded does not fall to a wider one of lower risk when it goes. */
static void test_retired_still_guards(void **state)
{
	(void)state;
	expect("[" CAP("t.wide", "LOW", "/**", "") "," CAP("t.secret", "CRITICAL", "/x/**", STATE("ACTIVE")) AGENT "]",
	       CVF_VERDICT_HOLD, CVF_REASON_HUMAN);
	expect("[" CAP("t.wide", "LOW", "/**", "") "," CAP("t.secret", "CRITICAL", "/x/**", STATE("RETIRED")) AGENT "]",
	       CVF_VERDICT_DENY, CVF_REASON_RETIRED);
	/* What took its place at the same risk works. */
	expect("[" CAP("t.new", "LOW", "/x/**", "") "," CAP("t.old", "LOW", "/x/**", STATE("RETIRED")) AGENT "]",
	       CVF_VERDICT_ALLOW, CVF_REASON_LOW_RISK);
}

static int check(struct fixture *f, const char *text)
{
	fixture_begin(f);
	assert_int_equal(fixture_add(f, text), 0);
	return model_check(f->m, &f->d);
}

/* Agents that name one capability are told; those with a pattern are not. */
static void test_warnings(void **state)
{
	static const struct {
		const char *state, *granted, *warning;
	} rows[] = {
		{"ACTIVE", "t.c", NULL},
		{"DEPRECATED", "t.c", "is granted a deprecated capability"},
		{"DEPRECATED", "t.*", NULL},
		{"PROPOSED", "t.c", "only proposed"},
		{"RETIRED", "t.c", "is granted a retired capability"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[512];
		struct fixture f;

		snprintf(text, sizeof(text),
			 "[{\"schema\":\"cvf.capability/v1\",\"id\":\"t.c\",\"state\":\"%s\"},"
			 "{\"schema\":\"cvf.agent/v1\",\"id\":\"a\",\"capabilities\":[\"%s\"]}]",
			 rows[i].state, rows[i].granted);
		assert_int_equal(check(&f, text), 0);
		assert_int_equal(f.d.n, rows[i].warning ? 1 : 0);
		if (rows[i].warning)
			assert_non_null(strstr(f.d.v[0].message, rows[i].warning));
		fixture_done(&f);
	}
}

/* A proposal does not push a shipped capability out of force. */
static void test_proposed_over_shipped(void **state)
{
	static const char shipped[] = "{\"schema\":\"cvf.capability/v1\",\"id\":\"t.c\",\"risk\":{\"level\":\"CRITICAL\"}}";
	static const char *const own[] = {"{\"schema\":\"cvf.capability/v1\",\"id\":\"t.c\",\"state\":\"PROPOSED\"}",
					  "{\"schema\":\"cvf.capability/v1\",\"id\":\"t.c\"}"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fixture f;

		fixture_begin(&f);
		assert_int_equal(model_load_text(f.m, shipped, strlen(shipped), "shipped", 1, true, &f.d), 0);
		assert_int_equal(fixture_add(&f, own[i]), 0);
		assert_int_equal(model_check(f.m, &f.d), i == 0 ? -EINVAL : 0);
		fixture_done(&f);
	}
}

/* Only what is in force makes up for anything. */
static void test_compensation(void **state)
{
	static const struct {
		const char *state;
		int result;
	} rows[] = {{"ACTIVE", 0}, {"DEPRECATED", 0}, {"PROPOSED", -EINVAL}, {"RETIRED", -EINVAL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[640];
		struct fixture f;

		snprintf(text, sizeof(text),
			 "[{\"schema\":\"cvf.capability/v1\",\"id\":\"t.undo\",\"state\":\"%s\"},"
			 "{\"schema\":\"cvf.capability/v1\",\"id\":\"t.c\",\"side_effects\":{\"reversible\":false},"
			 "\"compensation\":{\"supported\":true,\"capability_id\":\"t.undo\"}}]",
			 rows[i].state);
		assert_int_equal(check(&f, text), rows[i].result);
		fixture_done(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),	      cmocka_unit_test(test_retired_still_guards),
		cmocka_unit_test(test_warnings),	      cmocka_unit_test(test_proposed_over_shipped),
		cmocka_unit_test(test_compensation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
