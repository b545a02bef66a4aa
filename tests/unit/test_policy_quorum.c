// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_quorum.c - who must approve: each rule that says so beside what it leaves to any approver
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_fixture.h"

#define LEVEL(id, level)                                                                                               \
	"{\"schema\":\"cvf.capability/v1\",\"id\":\"f." id "\",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"" level  \
	"\"},\"match\":{\"file\":[{\"path\":\"/" id "/**\",\"ops\":[\"write\",\"rename\"]}]}}"
#define LEVELS LEVEL("r0", "LOW") "," LEVEL("r2", "HIGH") "," LEVEL("r3", "CRITICAL")
#define AGENT  "{\"schema\":\"cvf.agent/v1\",\"id\":\"a\",\"capabilities\":[\"f.*\"]}"
#define APPROVE(id, when, hold)                                                                                        \
	"{\"id\":\"" id "\",\"effect\":\"REQUIRE_APPROVAL\",\"when\":{" when "},\"hold\":{" hold "}}"
#define WORLD(rules)                                                                                                   \
	"[" LEVELS "," AGENT ",{\"schema\":\"cvf.policy/v1\",\"id\":\"p\",\"rules\":[" rules "]}]"

#define EACH_TIME (CVF_CELL_ASK | CVF_CELL_NO_GRANT)

static struct answer write_to(struct fixture *f, const char *path)
{
	struct query q = {.agent = "a", .op = CVF_OP_WRITE, .object = path, .now = FIXTURE_NOW};

	return fixture_ask(f, &q);
}

static struct answer rename_to(struct fixture *f, const char *from, const char *to)
{
	struct query q = {.agent = "a", .op = CVF_OP_RENAME, .object = from, .object2 = to, .now = FIXTURE_NOW};
	struct answer a;

	assert_int_equal(policy_eval(f->m, &q, &a, NULL), 0);
	return a;
}

static void test_what_a_rule_asks_for(void **state)
{
	static const char text[] = WORLD(APPROVE("two", "\"path\":\"/*/two\"", "\"quorum\":2") "," APPROVE(
		"named", "\"path\":\"/*/named\"", "\"approvers\":[\"alice\",\"@release\"]") "," APPROVE("one", "\"path\":\"/*/one\"",
												   "\"quorum\":1"));
	static const struct {
		const char *path;
		unsigned int people;
		size_t approvers;
		uint8_t flags;
	} rows[] = {
		{"/r2/two", 2, 0, EACH_TIME}, {"/r2/named", 1, 2, EACH_TIME}, {"/r2/one", 1, 0, 0}, {"/r2/x", 1, 0, 0},
		{"/r0/two", 2, 0, EACH_TIME}, {"/r0/x", 0, 0, 0},	      {"/r3/two", 2, 0, EACH_TIME},
		{"/r3/x", 1, 0, CVF_CELL_NO_GRANT},
	};
	struct fixture f;

	(void)state;
	fixture_load(&f, text);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct answer a = write_to(&f, rows[i].path); /* the image was seen to say the same */

		assert_int_equal(a.quorum.people, rows[i].people);
		assert_int_equal(a.quorum.approvers_count, rows[i].approvers);
		assert_int_equal(a.cell_flags & (EACH_TIME | CVF_CELL_OVER), rows[i].flags);
		assert_int_equal(quorum_is_plain(&a.quorum), rows[i].people < 2 && !rows[i].approvers);
	}
	assert_string_equal(write_to(&f, "/r2/named").quorum.approvers[1], "@release");
	assert_int_equal(write_to(&f, "/r3/two").reason, CVF_REASON_HUMAN);
	fixture_done(&f);
}

/* Whichever of the names decides the verdict, who must approve is what the more demanding one says. */
static void test_two_names(void **state)
{
	static const char text[] = WORLD(APPROVE("two", "\"path\":\"/*/two\"", "\"quorum\":2") "," APPROVE(
		"three", "\"path\":\"/*/three\"", "\"approvers\":[\"@release\"],\"quorum\":3"));
	static const struct {
		const char *from, *to;
		unsigned int people;
	} rows[] = {
		{"/r2/a", "/r2/b", 1},	   {"/r2/a", "/r2/two", 2},   {"/r2/two", "/r2/a", 2},	  {"/r2/two", "/r2/three", 3},
		{"/r2/three", "/r2/two", 3}, {"/r3/a", "/r2/two", 2}, {"/r2/two", "/r3/a", 2}, {"/r0/a", "/r0/b", 0},
		{"/r0/a", "/r0/two", 2},
	};
	struct fixture f;

	(void)state;
	fixture_load(&f, text);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(rename_to(&f, rows[i].from, rows[i].to).quorum.people, rows[i].people);
	assert_int_equal(rename_to(&f, "/r2/two", "/r3/a").risk, CVF_R3);
	fixture_done(&f);
}

/* What counts does not loosen it: beyond the limit it is still this question, not one about the limit. */
static void test_beside_a_limit(void **state)
{
	static const char text[] =
		WORLD("{\"id\":\"storm\",\"effect\":\"REQUIRE_APPROVAL\",\"when\":{\"rate\":{\"more_than\":1,\"within_s\":60}}},"
		      APPROVE("two", "\"path\":\"/r2/two\"", "\"quorum\":2"));
	const struct cvf_cell *cells, *cell;
	struct query q = {.agent = "a", .op = CVF_OP_WRITE, .object = "/r2/two", .now = FIXTURE_NOW, .recent = 5};
	struct answer a;
	struct fixture f;

	(void)state;
	fixture_load(&f, text);
	cells = image_section(f.image, CVF_SECTION_CELL, NULL);
	cell = &cells[image_judge(f.image, 1, &q)];
	assert_int_equal(cell->flags, EACH_TIME);
	assert_int_equal(cell->rate, 0);
	assert_int_equal(policy_eval(f.m, &q, &a, NULL), 0);
	assert_string_equal(a.rule, "p/two");
	assert_int_equal(a.quorum.people, 2);
	q.object = "/r0/x";
	assert_int_not_equal(cells[image_judge(f.image, 1, &q)].flags & CVF_CELL_ASK, CVF_CELL_ASK);
	fixture_done(&f);
}

#define OVERLAY(rules) "{\"schema\":\"cvf.policy/v1\",\"id\":\"o\",\"overlay\":true,\"rules\":[" rules "]}"
#define PROFILE(id, rest, rules)                                                                                       \
	"{\"schema\":\"cvf.profile/v1\",\"id\":\"" id "\",\"capabilities\":[\"f.*\"]" rest ",\"rules\":[" rules "]}"

/* An overlay and what it is put on, a profile and what it extends: whoever asks for more people is heard. */
static void test_what_is_laid_on_top(void **state)
{
	static const char text[] =
		"[" LEVELS ",{\"schema\":\"cvf.agent/v1\",\"id\":\"a\",\"profile\":\"leaf\"},"
		PROFILE("base", "", APPROVE("b2", "\"path\":\"/*/b2\"", "\"quorum\":2") "," APPROVE("b1", "\"path\":\"/*/b1\"", "")) ","
		PROFILE("leaf", ",\"extends\":[\"base\"]",
			APPROVE("l1", "\"path\":\"/*/b2\"", "") "," APPROVE("l3", "\"path\":\"/*/b1\"", "\"quorum\":3") ","
			APPROVE("p2", "\"path\":\"/*/p2\"", "\"quorum\":2")) ","
		OVERLAY(APPROVE("o2", "\"path\":\"/*/o2\"", "\"quorum\":2") "," APPROVE("o1", "\"path\":\"/*/p2\"", "") ","
			APPROVE("day", "\"path\":\"/*/day\",\"time\":\"Mon 09:00-18:00\"", "\"quorum\":2")) "]";
	static const struct {
		const char *path;
		unsigned int people;
		uint8_t flags;
	} rows[] = {
		{"/r2/x", 1, 0},	 {"/r2/o2", 2, EACH_TIME}, {"/r0/o2", 2, EACH_TIME}, {"/r2/p2", 2, EACH_TIME},
		{"/r2/b2", 2, EACH_TIME}, {"/r2/b1", 3, EACH_TIME}, {"/r2/day", 2, EACH_TIME},
	};
	struct query q = {.agent = "a", .op = CVF_OP_WRITE, .object = "/r2/day", .now = FIXTURE_NOW};
	const struct cvf_cell *cells;
	struct fixture f;

	(void)state;
	fixture_load(&f, text);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct answer a = write_to(&f, rows[i].path);

		assert_int_equal(a.quorum.people, rows[i].people);
		assert_int_equal(a.cell_flags & (EACH_TIME | CVF_CELL_OVER), rows[i].flags);
	}
	/* The hour is open when it is compiled: no grant may answer until it is looked at. */
	cells = image_section(f.image, CVF_SECTION_CELL, NULL);
	assert_int_equal(cells[image_judge(f.image, 1, &q)].reason, CVF_REASON_ASK_GOVERNOR);
	fixture_done(&f);
}

/* Only at certain hours: at others what comes after it. */
static void test_by_the_hour(void **state)
{
	static const char text[] = WORLD(APPROVE("day", "\"time\":\"Mon 09:00-18:00\"", "\"quorum\":2"));
	struct answer a;
	struct query q = {.agent = "a", .op = CVF_OP_WRITE, .object = "/r2/x", .now = FIXTURE_NOW};
	struct fixture f;

	(void)state;
	fixture_load(&f, text);
	assert_int_equal(policy_eval(f.m, &q, &a, NULL), 0);
	assert_int_equal(a.quorum.people, 2);
	q.now += 86400;
	assert_int_equal(policy_eval(f.m, &q, &a, NULL), 0);
	assert_int_equal(a.quorum.people, 1);
	fixture_done(&f);
}

static void test_by_name(void **state)
{
	static const char text[] = WORLD(APPROVE("two", "\"path\":\"/*/two\"", "\"quorum\":2") "," APPROVE(
		"named", "\"path\":\"/*/named\"", "\"approvers\":[\"@release\"],\"quorum\":2") ",{\"id\":\"no\",\"effect\":\"DENY\"}");
	struct quorum q;
	struct fixture f;

	(void)state;
	fixture_load(&f, text);
	assert_int_equal(policy_quorum(f.m, "p/two", &q), 0);
	assert_int_equal(q.people, 2);
	assert_int_equal(q.approvers_count, 0);
	assert_int_equal(policy_quorum(f.m, "p/no", &q), 0);
	assert_true(quorum_is_plain(&q));
	assert_int_equal(policy_quorum(f.m, "p/gone", &q), 0);
	assert_true(quorum_is_plain(&q));
	assert_int_equal(policy_quorum(f.m, NULL, &q), 0); /* the strictest */
	assert_int_equal(q.people, 2);
	assert_int_equal(q.approvers_count, 1);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_rule_asks_for),
		cmocka_unit_test(test_two_names),
		cmocka_unit_test(test_beside_a_limit),
		cmocka_unit_test(test_what_is_laid_on_top),
		cmocka_unit_test(test_by_the_hour),
		cmocka_unit_test(test_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
