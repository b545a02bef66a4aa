// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_eval.c - the decision: each step beside its twin, and the compiled image asked the same each time
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_fixture.h"

#define CAP(id, type, level, match, rest)                                                                              \
	"{\"schema\":\"cvf.capability/v1\",\"id\":\"" id "\",\"operation_type\":\"" type                               \
	"\",\"risk\":{\"level\":\"" level "\"" rest "},\"match\":" match "}"
#define PATH(path, ops)		"{\"file\":[{\"path\":\"" path "\",\"ops\":[" ops "]}]}"
#define AGENT(rest)		"{\"schema\":\"cvf.agent/v1\",\"id\":\"a\"" rest "}"
#define POLICY(id, rest, rules) "{\"schema\":\"cvf.policy/v1\",\"id\":\"" id "\"" rest ",\"rules\":[" rules "]}"

/* Four levels under /r0 .. /r3 for every way to change a file, and the same for programs. */
#define OPS "\"read\",\"write\",\"create\",\"rename\",\"link\",\"attr\",\"truncate\""
#define LEVELS                                                                                                         \
	CAP("f.r0", "WRITE", "LOW", PATH("/r0/**", OPS), "")                                                           \
	"," CAP("f.r1", "WRITE", "MEDIUM", PATH("/r1/**", OPS),                                                        \
		"") "," CAP("f.r2", "WRITE", "HIGH", PATH("/r2/**", OPS), "") "," CAP("f.r3", "WRITE", "CRITICAL",     \
										      PATH("/r3/**", OPS), "")
#define ALLOW CVF_VERDICT_ALLOW
#define DENY  CVF_VERDICT_DENY
#define HOLD  CVF_VERDICT_HOLD

static struct answer ask(struct fixture *f, enum cvf_op op, const char *path)
{
	struct query q = {.agent = "a", .op = op, .object = path, .now = FIXTURE_NOW};

	return fixture_ask(f, &q);
}

static void expect(struct fixture *f, enum cvf_op op, const char *path, enum cvf_verdict verdict,
		   enum cvf_reason reason)
{
	struct query q = {.agent = "a", .op = op, .object = path, .now = FIXTURE_NOW};

	fixture_expect(f, &q, verdict, reason);
}

#define WRITES(path, verdict, reason) expect(&f, CVF_OP_WRITE, path, verdict, CVF_REASON_##reason)

static void test_levels(void **state)
{
	struct answer a;
	struct fixture f;

	(void)state;
	fixture_load(&f, "[" LEVELS "," AGENT(",\"capabilities\":[\"f.*\"],\"scope\":{\"paths\":[\"/r1/in/**\"]}") "]");
	WRITES("/r0/x", ALLOW, LOW_RISK);
	WRITES("/r1/in/x", ALLOW, IN_SCOPE);
	WRITES("/r1/in", DENY, OUT_OF_SCOPE);
	WRITES("/r1/out/x", DENY, OUT_OF_SCOPE);
	WRITES("/r2/x", HOLD, APPROVAL);
	WRITES("/r3/x", HOLD, HUMAN);
	WRITES("/r4/x", HOLD, UNREGISTERED);
	a = ask(&f, CVF_OP_WRITE, "/r0/x");
	assert_int_equal(a.decision, AUTO_EXECUTE);
	assert_int_equal(a.cell_flags, 0);
	a = ask(&f, CVF_OP_WRITE, "/r1/in/x");
	assert_int_equal(a.decision, SCOPE_GUARD);
	assert_int_equal(a.cell_flags, CVF_CELL_RECORD);
	assert_true(a.in_scope);
	a = ask(&f, CVF_OP_WRITE, "/r2/x");
	assert_int_equal(a.decision, APPROVAL_REQUIRED);
	assert_int_equal(a.timeout_s, CVF_HOLD_TIMEOUT_S);
	a = ask(&f, CVF_OP_WRITE, "/r3/x");
	assert_int_equal(a.decision, HUMAN_INTERVENTION);
	assert_int_equal(a.cell_flags, CVF_CELL_NO_GRANT);
	a = ask(&f, CVF_OP_WRITE, "/r4/x");
	assert_int_equal(a.risk, CVF_R2);
	assert_string_equal(a.capability, "unregistered.write");
	fixture_done(&f);
}

static void test_grants(void **state)
{
	struct fixture f;

	(void)state;
	fixture_load(&f, "[" LEVELS "," AGENT(",\"capabilities\":[\"f.r{0,2}\"]") "]");
	WRITES("/r0/x", ALLOW, LOW_RISK);
	WRITES("/r2/x", HOLD, APPROVAL);
	WRITES("/r1/x", DENY, NOT_GRANTED);
	WRITES("/r3/x", DENY, NOT_GRANTED);
	/* What nobody registered cannot be granted either: it waits. */
	WRITES("/r4/x", HOLD, UNREGISTERED);
	fixture_done(&f);
	fixture_load(&f,
		     "[" LEVELS
		     ",{\"schema\":\"cvf.profile/v1\",\"id\":\"p\",\"capabilities\":[\"f.r3\"],\"scope\":{\"paths\":"
		     "[\"/r1/**\"]}}," AGENT(",\"profile\":\"p\",\"capabilities\":[\"f.r1\"]") "]");
	WRITES("/r3/x", HOLD, HUMAN);
	WRITES("/r1/x", ALLOW, IN_SCOPE);
	WRITES("/r0/x", DENY, NOT_GRANTED);
	fixture_done(&f);
}

static void test_choice(void **state)
{
	struct fixture f;

	(void)state;
	/* The highest level wins; among equals a granted one, then the more literal, then the first id. */
	fixture_load(
		&f, "[" CAP("z.low", "WRITE", "LOW", PATH("/a/b/c", "\"write\""), "") "," CAP(
			    "b.mid", "WRITE", "MEDIUM", PATH("/a/**", "\"write\""),
			    "") "," CAP("a.mid", "WRITE", "MEDIUM", PATH("/a/**", "\"write\""),
					"") "," CAP("c.mid", "WRITE", "MEDIUM", PATH("/a/b/**", "\"write\""),
						    "") "," CAP("x.mid", "WRITE", "MEDIUM", PATH("/a/b/c", "\"write\""),
								"") "," AGENT(",\"capabilities\":[\"[abcz].*\"],"
									      "\"scope\":{\"paths\":[\"/a/**\"]}") "]");
	assert_string_equal(ask(&f, CVF_OP_WRITE, "/a/x").capability, "a.mid");
	assert_string_equal(ask(&f, CVF_OP_WRITE, "/a/b/x").capability, "c.mid");
	assert_string_equal(ask(&f, CVF_OP_WRITE, "/a/b/c").capability, "c.mid");
	fixture_done(&f);
}

static void test_except(void **state)
{
	struct fixture f;

	(void)state;
	fixture_load(&f, "[" CAP("w", "WRITE", "MEDIUM",
				 "{\"file\":[{\"path\":\"/**\",\"ops\":[\"write\"],\"except\":[\"/dev/{null,tty}\"]}]}",
				 "") "," CAP("d", "WRITE", "LOW", PATH("/dev/{null,tty}", "\"write\""),
					     "") "," AGENT(",\"capabilities\":[\"*\"]") "]");
	WRITES("/dev/null", ALLOW, LOW_RISK);
	WRITES("/dev/nul", DENY, OUT_OF_SCOPE);
	fixture_done(&f);
}

static void test_requires_approval(void **state)
{
	struct answer a;
	struct fixture f;

	(void)state;
	fixture_load(
		&f,
		"[" CAP("f.a", "WRITE", "LOW", PATH("/a", "\"write\""), ",\"requires_approval\":true") "," CAP(
			"f.b", "WRITE", "LOW", PATH("/b", "\"write\""),
			",\"requires_approval\":false") "," CAP("f.c", "WRITE", "HIGH", PATH("/c", "\"write\""),
								",\"requires_approval\":false") "," AGENT(",\"capabilit"
													  "ies\":[\"f.*"
													  "\"]") "]");
	WRITES("/a", HOLD, APPROVAL);
	a = ask(&f, CVF_OP_WRITE, "/a");
	assert_int_equal(a.risk, CVF_R0);
	assert_int_equal(a.decision, APPROVAL_REQUIRED);
	WRITES("/b", ALLOW, LOW_RISK);
	WRITES("/c", HOLD, APPROVAL);
	fixture_done(&f);
}

static void test_rules(void **state)
{
	struct answer a;
	struct fixture f;

	(void)state;
	fixture_load(
		&f,
		"[" LEVELS "," AGENT(",\"capabilities\":[\"f.*\"],\"scope\":{\"paths\":[\"/r1/in/**\"]}") "," POLICY(
			"p", "",
			"{\"id\":\"no\",\"when\":{\"path\":[\"/**/no\"]},\"effect\":\"DENY\",\"reason\":\"because\"},"
			"{\"id\":\"ask\",\"when\":{\"path\":[\"/**/ask\"]},\"effect\":\"REQUIRE_APPROVAL\"},"
			"{\"id\":\"yes\",\"when\":{\"path\":[\"/**/yes\"]},\"effect\":\"ALLOW\"},"
			"{\"id\":\"open\",\"when\":{\"op\":[\"truncate\"]},\"effect\":\"ALLOW\"}") "]");
	WRITES("/r0/no", DENY, POLICY_DENY);
	WRITES("/r3/no", DENY, POLICY_DENY);
	a = ask(&f, CVF_OP_WRITE, "/r0/no");
	assert_string_equal(a.rule, "p/no");
	assert_string_equal(a.text, "because");
	WRITES("/r0/ask", HOLD, POLICY_APPROVAL);
	WRITES("/r1/out/ask", HOLD, POLICY_APPROVAL);
	WRITES("/r3/ask", HOLD, HUMAN);
	WRITES("/r0/yes", ALLOW, POLICY_ALLOW);
	/* A rule that names a place widens the scope; one that does not, does not. */
	WRITES("/r1/out/yes", ALLOW, POLICY_ALLOW);
	expect(&f, CVF_OP_TRUNCATE, "/r1/out/x", DENY, CVF_REASON_OUT_OF_SCOPE);
	expect(&f, CVF_OP_TRUNCATE, "/r1/in/x", ALLOW, CVF_REASON_POLICY_ALLOW);
	/* HIGH is raised, CRITICAL stays a person's. */
	WRITES("/r2/yes", HOLD, POLICY_APPROVAL);
	WRITES("/r3/yes", HOLD, HUMAN);
	WRITES("/r4/yes", HOLD, POLICY_APPROVAL);
	assert_null(ask(&f, CVF_OP_WRITE, "/r0/x").rule);
	fixture_done(&f);
}

#define GRANT(expires) "\"effect\":\"ALLOW\",\"standing_grant\":{\"expires\":\"" expires "\",\"ticket\":\"T-1\"}}"

static void test_standing_grant(void **state)
{
	static const char text[] = "[" LEVELS "," AGENT(",\"capabilities\":[\"f.*\"]") "," POLICY(
		"p", "",
		"{\"when\":{\"path\":[\"/**/good\"]}," GRANT(
			"2026-12-31T00:00:00Z") ","
						"{\"when\":{\"path\":[\"/**/old\"]}," GRANT(
							"2026-01-31T00:00:00Z") ","
										"{\"when\":{\"capability\":["
										"\"unregistered.write\"]}"
										"," GRANT("2026-11-30T00:00:00+"
											  "00:00")) "]";
	struct answer a;
	struct fixture f;

	(void)state;
	fixture_load(&f, text);
	WRITES("/r2/good", ALLOW, STANDING_GRANT);
	a = ask(&f, CVF_OP_WRITE, "/r2/good");
	assert_int_equal(a.cell_flags, CVF_CELL_RECORD);
	WRITES("/r2/old", HOLD, POLICY_APPROVAL);
	WRITES("/r3/good", HOLD, HUMAN);
	WRITES("/r4/x", ALLOW, STANDING_GRANT);
	expect(&f, CVF_OP_READ, "/r4/x", HOLD, CVF_REASON_UNREGISTERED);
	assert_int_equal(policy_next_expiry(f.m, FIXTURE_NOW), 1795996800);
	assert_int_equal(policy_next_expiry(f.m, 1900000000), 0);
	fixture_done(&f);
}

/* The condition, an operation that meets it, and one that does not. */
static void test_conditions(void **state)
{
	static const struct {
		const char *when;
		enum cvf_op op_yes;
		const char *yes;
		enum cvf_op op_no;
		const char *no;
	} rows[] = {
		{"\"agent\":[\"a*\"]", CVF_OP_WRITE, "/r0/x", CVF_OP_NONE, NULL},
		{"\"agent\":[\"b\"]", CVF_OP_NONE, NULL, CVF_OP_WRITE, "/r0/x"},
		{"\"profile\":[\"default\"]", CVF_OP_WRITE, "/r0/x", CVF_OP_NONE, NULL},
		{"\"profile\":[\"ci\"]", CVF_OP_NONE, NULL, CVF_OP_WRITE, "/r0/x"},
		{"\"risk\":[\"R0\",\"HIGH\"]", CVF_OP_WRITE, "/r2/x", CVF_OP_WRITE, "/r1/in/x"},
		{"\"risk\":[\"HIGH\"]", CVF_OP_WRITE, "/r4/x", CVF_OP_WRITE, "/r0/x"},
		{"\"capability\":[\"f.r0\"]", CVF_OP_WRITE, "/r0/x", CVF_OP_WRITE, "/r2/x"},
		{"\"capability\":[\"unregistered.*\"]", CVF_OP_WRITE, "/r4/x", CVF_OP_WRITE, "/r2/x"},
		{"\"capability\":[\"unregistered.read\"]", CVF_OP_READ, "/r4/x", CVF_OP_WRITE, "/r4/x"},
		{"\"operation_type\":[\"WRITE\"]", CVF_OP_WRITE, "/r0/x", CVF_OP_READ, "/r4/x"},
		{"\"operation_type\":[\"READ\"]", CVF_OP_READ, "/r0/x", CVF_OP_WRITE, "/r0/x"},
		{"\"op\":[\"read\"]", CVF_OP_READ, "/r0/x", CVF_OP_WRITE, "/r0/x"},
		{"\"path\":[\"/r0/a\",\"/r0/b*\"]", CVF_OP_WRITE, "/r0/bb", CVF_OP_WRITE, "/r0/c"},
		{"\"in_scope\":true", CVF_OP_WRITE, "/r1/in/x", CVF_OP_WRITE, "/r1/out/x"},
		{"\"in_scope\":false", CVF_OP_WRITE, "/r1/out/x", CVF_OP_WRITE, "/r1/in/x"},
		{"\"in_scope\":true", CVF_OP_BPF, NULL, CVF_OP_WRITE, "/r0/x"},
		{"\"address\":[\"0.0.0.0/0\"]", CVF_OP_NONE, NULL, CVF_OP_WRITE, "/r0/x"},
		{"\"path\":[\"/**\"]", CVF_OP_WRITE, "/r0/x", CVF_OP_BPF, NULL},
		{"\"path\":[\"/**\"]", CVF_OP_EXEC, "/r0/x", CVF_OP_BPF, NULL},
		{"\"path\":[\"${WORKSPACE}\"]", CVF_OP_WRITE, "/r1/in/x", CVF_OP_WRITE, "/r0/x"},
		{"\"path\":[\"/r0/${AGENT}\"]", CVF_OP_WRITE, "/r0/a", CVF_OP_WRITE, "/r0/b"},
		{"\"path\":[\"${HOME}/x\"]", CVF_OP_WRITE, "/home/a/x", CVF_OP_WRITE, "/home/a/b/x"},
		{"\"op\":[\"read\"],\"risk\":[\"R0\"]", CVF_OP_READ, "/r0/x", CVF_OP_READ, "/r2/x"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[4096];
		struct fixture f;

		snprintf(text, sizeof(text),
			 "[" LEVELS "," AGENT(
				 ",\"capabilities\":[\"f.*\"],\"scope\":{\"paths\":[\"/r1/in/**\"]}") ",{\"schema\":"
												      "\"cvf.policy/"
												      "v1\",\"id\":"
												      "\"p\",\"rules\":"
												      "[{\"when\":{%s},"
												      "\"effect\":"
												      "\"DENY\"}]}]",
			 rows[i].when);
		fixture_load(&f, text);
		if (rows[i].op_yes && ask(&f, rows[i].op_yes, rows[i].yes).reason != CVF_REASON_POLICY_DENY)
			fail_msg("%s should meet %s", rows[i].yes ? rows[i].yes : "", rows[i].when);
		if (rows[i].op_no && ask(&f, rows[i].op_no, rows[i].no).reason == CVF_REASON_POLICY_DENY)
			fail_msg("%s should not meet %s", rows[i].no ? rows[i].no : "", rows[i].when);
		fixture_done(&f);
	}
}

/* A rule that tightens looks at what is done as well as at what was declared; one that allows only at the latter. */
static void test_type(void **state)
{
	struct fixture f;

	(void)state;
	fixture_load(&f, "[" CAP("w", "WRITE", "LOW", PATH("/a/**", "\"read\",\"write\""),
				 "") "," AGENT(",\"capabilities\":["
					       "\"w\"]") "," POLICY("p", "",
								    "{\"when\":{\"operation_type\":[\"READ\"],\"path\":"
								    "[\"/a/d\"]},\"effect\":\"DENY\"},"
								    "{\"when\":{\"operation_type\":[\"READ\"],\"path\":"
								    "[\"/a/e\"]},\"effect\":\"ALLOW\"}") "]");
	expect(&f, CVF_OP_READ, "/a/d", DENY, CVF_REASON_POLICY_DENY);
	WRITES("/a/d", ALLOW, LOW_RISK);
	expect(&f, CVF_OP_READ, "/a/e", ALLOW, CVF_REASON_LOW_RISK);
	fixture_done(&f);
}

static void test_order(void **state)
{
	struct fixture f;

	(void)state;
	fixture_load(
		&f,
		"[" LEVELS ",{\"schema\":\"cvf.profile/v1\",\"id\":\"default\",\"rules\":[{\"id\":\"d\",\"effect\":"
		"\"REQUIRE_APPROVAL\"}]}," AGENT(",\"capabilities\":[\"f.*\"]") "," POLICY("b", "", "{\"id\":\"1\",\"when\":{\"path\":[\"/r0/b/**\"]},\"effect\":\"DENY\"}") "," POLICY(
			"a", "",
			"{\"id\":\"1\",\"when\":{\"path\":[\"/r0/b/a/**\"]},\"effect\":\"ALLOW\"}") "," POLICY("z",
													       ",\"prio"
													       "rity\":"
													       "9",
													       "{\"id\""
													       ":\"1\","
													       "\"when"
													       "\":{"
													       "\"path"
													       "\":[\"/"
													       "r0/b/a/"
													       "z\"]},"
													       "\"effec"
													       "t\":"
													       "\"DENY"
													       "\"},"
													       "{\"id\""
													       ":\"2\","
													       "\"when"
													       "\":{"
													       "\"path"
													       "\":[\"/"
													       "r0/b/a/"
													       "z\"]},"
													       "\"effec"
													       "t\":"
													       "\"ALLOW"
													       "\"}") "]");
	assert_string_equal(ask(&f, CVF_OP_WRITE, "/r0/b/x").rule, "b/1");
	assert_string_equal(ask(&f, CVF_OP_WRITE, "/r0/b/a/x").rule, "a/1");
	assert_string_equal(ask(&f, CVF_OP_WRITE, "/r0/b/a/z").rule, "z/1");
	assert_string_equal(ask(&f, CVF_OP_WRITE, "/r0/x").rule, "profile:default/d");
	fixture_done(&f);
}

/* Of two names that are held the one whose hour must be looked at decides: a grant for the other may not answer it. */
static void test_time_on_one_name(void **state)
{
	static const char text[] = "[" LEVELS "," AGENT(",\"capabilities\":[\"f.*\"]") "," POLICY(
		"p", "",
		"{\"id\":\"day\",\"when\":{\"path\":[\"/r2/t\"],\"time\":\"Mon-Fri 09:00-18:00\"},\"effect\":\"DENY\"}") "]";
	static const struct {
		const char *from, *to;
		uint8_t flags;
	} rows[] = {
		{"/r2/a", "/r2/b", 0},
		{"/r2/a", "/r2/t", CVF_CELL_ASK | CVF_CELL_NO_GRANT},
		{"/r2/t", "/r2/a", CVF_CELL_ASK | CVF_CELL_NO_GRANT},
		{"/r0/a", "/r2/t", CVF_CELL_ASK | CVF_CELL_NO_GRANT},
		{"/r3/a", "/r2/t", CVF_CELL_NO_GRANT}, /* CRITICAL stays CRITICAL */
		{"/r2/t", "/r3/a", CVF_CELL_NO_GRANT},
	};
	struct fixture f;

	(void)state;
	fixture_load(&f, text);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct cvf_cell *cells = image_section(f.image, CVF_SECTION_CELL, NULL);
		struct query q = {.agent = "a", .op = CVF_OP_RENAME, .object = rows[i].from, .object2 = rows[i].to,
				  .now = FIXTURE_NOW};
		const struct cvf_cell *cell = &cells[image_judge(f.image, 1, &q)];

		assert_int_equal(cell->action, HOLD);
		assert_int_equal(cell->flags, rows[i].flags);
	}
	fixture_done(&f);
}

/* Asked about what an agent never did; its compiled image and explain agree before and after, other agents are not concerned. */
static void test_first_use(void **state)
{
	static const char text[] = "[" LEVELS "," AGENT(",\"capabilities\":[\"f.*\"]") "," POLICY(
		"p", "", "{\"id\":\"new\",\"when\":{\"first_use\":true,\"path\":[\"/r0/**\"]},\"effect\":\"REQUIRE_APPROVAL\"}") "]";
	const struct query q = {.agent = "a", .op = CVF_OP_WRITE, .object = "/r0/x", .now = FIXTURE_NOW};
	struct fixture f;
	struct answer a;

	(void)state;
	fixture_load(&f, text);
	assert_true(model_cares_for_uses(f.m));
	a = fixture_ask(&f, &q);
	assert_int_equal(a.verdict, HOLD);
	assert_string_equal(a.rule, "p/new");
	assert_int_equal(model_note_use(f.m, "another", a.capability), 1);
	assert_int_equal(fixture_ask(&f, &q).verdict, HOLD);
	assert_int_equal(model_note_use(f.m, "a", a.capability), 1);
	assert_int_equal(model_note_use(f.m, "a", a.capability), 0);
	free(f.image);
	fixture_build(&f);
	assert_int_equal(fixture_ask(&f, &q).verdict, CVF_VERDICT_ALLOW);
	fixture_done(&f);
}

/* The hour is the governor's to look at: the image holds and asks, explain answers. */
static void test_time(void **state)
{
	static const char text[] = "[" LEVELS "," AGENT(",\"capabilities\":[\"f.*\"]") "," POLICY(
		"p", "",
		"{\"id\":\"day\",\"when\":{\"path\":[\"/r0/t\"],\"time\":\"Mon-Fri "
		"09:00-18:00\"},\"effect\":\"DENY\"},"
		"{\"id\":\"same\",\"when\":{\"path\":[\"/r0/s\"],\"time\":\"Sun\"},\"effect\":\"DENY\"},"
		"{\"id\":\"all\",\"when\":{\"path\":[\"/r0/s\"]},\"effect\":\"DENY\"},"
		"{\"id\":\"night\",\"when\":{\"path\":[\"/r0/"
		"n\"],\"time\":[\"22:00-06:00\"]},\"effect\":\"DENY\"}") "]";
	const struct cvf_cell *cells, *cell;
	struct query q = {.agent = "a", .op = CVF_OP_WRITE, .object = "/r0/t", .now = FIXTURE_NOW};
	struct answer a;
	struct fixture f;

	(void)state;
	fixture_load(&f, text);
	cells = image_section(f.image, CVF_SECTION_CELL, NULL);
	cell = &cells[image_judge(f.image, 1, &q)];
	assert_int_equal(cell->action, HOLD);
	assert_int_equal(cell->reason, CVF_REASON_ASK_GOVERNOR);
	assert_int_equal(cell->flags, CVF_CELL_ASK | CVF_CELL_NO_GRANT);
	/* Monday 14:13 UTC. */
	assert_int_equal(policy_eval(f.m, &q, &a, NULL), 0);
	assert_string_equal(a.rule, "p/day");
	q.now += 4 * 3600;
	assert_int_equal(policy_eval(f.m, &q, &a, NULL), 0);
	assert_int_equal(a.verdict, ALLOW);
	q.now = FIXTURE_NOW + 5 * 86400;
	assert_int_equal(policy_eval(f.m, &q, &a, NULL), 0);
	assert_int_equal(a.verdict, ALLOW);
	/* Whatever the hour, the path that no timed rule concerns needs no governor. */
	WRITES("/r0/x", ALLOW, LOW_RISK);
	q.object = "/r0/n";
	for (int hour = 0; hour < 24; hour++) {
		q.now = 1789948800 + hour * 3600;
		assert_int_equal(policy_eval(f.m, &q, &a, NULL), 0);
		assert_int_equal(a.verdict, hour >= 22 || hour < 6 ? DENY : ALLOW);
	}
	fixture_done(&f);
}

#define OFTEN(path, times, verdict, reason)                                                                            \
	fixture_expect(&f,                                                                                             \
		       &(struct query){.agent = "a",                                                                  \
				       .op = CVF_OP_WRITE,                                                             \
				       .object = path,                                                                 \
				       .now = FIXTURE_NOW,                                                             \
				       .recent = times},                                                               \
		       verdict, CVF_REASON_##reason)

/* Up to the limit later rules decide; beyond it the strictest that is exceeded does, and none loosens. */
static void test_rate(void **state)
{
	static const char text[] = "[" LEVELS "," AGENT(
		",\"owner\":\"team-a\",\"capabilities\":[\"f.*\"]") "," POLICY(
		"p", "",
		"{\"id\":\"ask\",\"when\":{\"path\":[\"/r*/c\"],\"rate\":{\"more_than\":3,\"within_s\":60}},"
		"\"effect\":\"REQUIRE_APPROVAL\"},"
		"{\"id\":\"stop\",\"when\":{\"path\":[\"/r*/c\"],\"rate\":{\"more_than\":9,\"within_s\":3600}},"
		"\"effect\":\"DENY\"},"
		"{\"id\":\"none\",\"when\":{\"path\":[\"/r0/n\"],\"rate\":{\"more_than\":0,\"within_s\":1}},"
		"\"effect\":\"DENY\"},"
		"{\"id\":\"theirs\",\"when\":{\"owner\":[\"team-a\"],\"path\":[\"/r0/o\"]},\"effect\":\"DENY\"},"
		"{\"id\":\"others\",\"when\":{\"owner\":[\"team-b\"],\"path\":[\"/r0/p\"]},\"effect\":\"DENY\"}") "]";
	struct fixture f;

	(void)state;
	fixture_load(&f, text);
	OFTEN("/r0/c", 0, ALLOW, LOW_RISK);
	OFTEN("/r0/c", 3, ALLOW, LOW_RISK);
	OFTEN("/r0/c", 4, HOLD, RATE);
	OFTEN("/r0/c", 9, HOLD, RATE);
	OFTEN("/r0/c", 10, DENY, RATE);
	OFTEN("/r0/d", 10, ALLOW, LOW_RISK);
	OFTEN("/r2/c", 4, HOLD, APPROVAL); /* held anyway */
	OFTEN("/r2/c", 10, DENY, RATE);
	OFTEN("/r1/c", 10, DENY, OUT_OF_SCOPE); /* denied anyway */
	OFTEN("/r0/n", 0, ALLOW, LOW_RISK);
	OFTEN("/r0/n", 1, DENY, RATE);
	OFTEN("/r0/o", 0, DENY, POLICY_DENY);
	OFTEN("/r0/p", 0, ALLOW, LOW_RISK);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_grants),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_except),
		cmocka_unit_test(test_requires_approval),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_standing_grant),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_type),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_first_use),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_time_on_one_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
