// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_lint.c - each finding beside a twin that differs in one thing and has none
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_fixture.h"

static const char host[] =
	"[{\"schema\":\"cvf.capability/v1\",\"id\":\"t.read\",\"operation_type\":\"READ\",\"risk\":{\"level\":\"LOW\"},"
	"\"match\":{\"file\":[{\"path\":\"/**\",\"ops\":[\"read\"]}]}},"
	"{\"schema\":\"cvf.capability/"
	"v1\",\"id\":\"t.write\",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"MEDIUM\"},"
	"\"match\":{\"file\":[{\"path\":\"/srv/**\",\"ops\":[\"write\"]}]}},"
	"{\"schema\":\"cvf.capability/"
	"v1\",\"id\":\"t.run\",\"operation_type\":\"EXECUTE\",\"risk\":{\"level\":\"HIGH\"},"
	"\"match\":{\"exec\":[{\"path\":\"/opt/**\"}]}},"
	"{\"schema\":\"cvf.capability/"
	"v1\",\"id\":\"t.net\",\"operation_type\":\"NETWORK\",\"risk\":{\"level\":\"HIGH\"},"
	"\"match\":{\"net\":[{\"ops\":[\"connect\"]}]}},"
	"{\"schema\":\"cvf.agent/v1\",\"id\":\"coder-1\",\"capabilities\":[\"t.*\"]},"
	"{\"schema\":\"cvf.policy/v1\",\"id\":\"host\",\"priority\":10,\"rules\":["
	"{\"id\":\"no\",\"when\":{\"path\":[\"/srv/**\"],\"op\":[\"write\"]},\"effect\":\"DENY\"}]}]";

#define POLICY(priority, rules)                                                                                        \
	"{\"schema\":\"cvf.policy/v1\",\"id\":\"p\",\"priority\":" priority ",\"rules\":[" rules "]}"
#define RULE(id, when, rest) "{\"id\":\"" id "\",\"when\":{" when "}," rest "}"
#define ALLOW		     "\"effect\":\"ALLOW\""
#define DENY		     "\"effect\":\"DENY\""
#define ASK		     "\"effect\":\"REQUIRE_APPROVAL\""
#define GRANT(year)	     ALLOW ",\"standing_grant\":{\"expires\":\"" year "-01-01T00:00:00Z\",\"ticket\":\"T\"}"
#define EXTENDING(base, rules)                                                                                         \
	"[{\"schema\":\"cvf.profile/v1\",\"id\":\"base\",\"rules\":[" base "]},"                                             \
	"{\"schema\":\"cvf.profile/v1\",\"id\":\"own\",\"extends\":[\"base\"],\"rules\":[\n" rules "]}]"
#define ANY_READ	     "\"op\":[\"read\"]"

static const struct row {
	const char *name, *word; /* of the finding */
	unsigned int line;	 /* of it */
	const char *bad, *good;	 /* the text that has it, and the twin that has none */
} rows[] = {
	{"a wider rule before it", "shadowed", 2,
	 POLICY("20", RULE("a", "\"path\":[\"/opt/**\"]", DENY) ",\n" RULE("b", "\"path\":[\"/opt/*.c\"]", ASK)),
	 POLICY("20", RULE("b", "\"path\":[\"/opt/*.c\"]", ALLOW) ",\n" RULE("a", "\"path\":[\"/opt/**\"]", DENY))},
	{"an earlier rule of another policy", "shadowed", 1,
	 POLICY("5", RULE("a", "\"path\":[\"/srv/x\"],\"op\":[\"write\"]", ASK)),
	 POLICY("15", RULE("a", "\"path\":[\"/srv/x\"],\"op\":[\"write\"]", ASK))},
	{"a rule for every agent before one for some", "shadowed", 2,
	 POLICY("20", RULE("a", ANY_READ, DENY) ",\n" RULE("b", ANY_READ ",\"agent\":[\"coder-*\"]", ASK)),
	 POLICY("20", RULE("b", ANY_READ ",\"agent\":[\"coder-*\"]", ASK) ",\n" RULE("a", ANY_READ, DENY))},
	{"an address inside of another", "shadowed", 2,
	 POLICY("20", RULE("a", "\"address\":[\"10.0.0.0/8\"]", DENY) ",\n" RULE("b", "\"address\":[\"10.1.0.0/16\"]",
										 GRANT("2099"))),
	 POLICY("20", RULE("a", "\"address\":[\"10.0.0.0/8\"]", DENY) ",\n" RULE("b", "\"address\":[\"11.1.0.0/16\"]",
										 GRANT("2099")))},
	{"hours inside of others", "shadowed", 2,
	 POLICY("20", RULE("a", ANY_READ ",\"time\":\"Mon-Fri 08:00-18:00\"",
			   DENY) ",\n" RULE("b", ANY_READ ",\"time\":\"Tue 09:00-10:00\"", ASK)),
	 POLICY("20", RULE("a", ANY_READ ",\"time\":\"Mon-Fri 08:00-18:00\"",
			   DENY) ",\n" RULE("b", ANY_READ ",\"time\":\"Sat 09:00-10:00\"", ASK))},
	{"a denial of the profile that is extended", "shadowed", 2,
	 EXTENDING(RULE("x", "\"path\":[\"/opt/**\"]", DENY), RULE("y", "\"path\":[\"/opt/a\"],\"op\":[\"exec\"]", ASK)),
	 EXTENDING(RULE("x", "\"path\":[\"/opt/**\"]", DENY), RULE("y", "\"path\":[\"/srv/a\"],\"op\":[\"read\"]", ASK))},
	{"a denial of the profile that is extended, for some of it", "shadowed", 2,
	 EXTENDING(RULE("x", ANY_READ, DENY), RULE("y", ANY_READ ",\"path\":[\"/srv/**\"]", ASK)),
	 EXTENDING(RULE("x", ANY_READ ",\"path\":[\"/srv/a/**\"]", DENY), RULE("y", ANY_READ ",\"path\":[\"/srv/**\"]", ASK))},
	{"a denial behind what comes before it in the profile that is extended", "shadowed", 2,
	 EXTENDING(RULE("w", ANY_READ ",\"path\":[\"/opt/**\"]", ASK) "," RULE("x", ANY_READ, DENY),
		   RULE("y", ANY_READ ",\"path\":[\"/srv/**\"]", ASK)),
	 EXTENDING(RULE("w", ANY_READ ",\"path\":[\"/srv/b\"]", ASK) "," RULE("x", ANY_READ, DENY),
		   RULE("y", ANY_READ ",\"path\":[\"/srv/**\"]", ASK))},
	{"a path of what has none", "unreachable", 1,
	 POLICY("20", RULE("a", "\"path\":[\"/opt/**\"],\"op\":[\"connect\"]", DENY)),
	 POLICY("20", RULE("a", "\"path\":[\"/opt/**\"],\"op\":[\"exec\"]", DENY))},
	{"capabilities that are not there", "unreachable", 1,
	 POLICY("20", RULE("a", "\"capability\":[\"no.*\"]", DENY)),
	 POLICY("20", RULE("a", "\"capability\":[\"t.r*\"]", DENY))},
	{"an agent that is not there", "unreachable", 1,
	 POLICY("20", RULE("a", ANY_READ ",\"agent\":[\"codr-1\"]", DENY)),
	 POLICY("20", RULE("a", ANY_READ ",\"agent\":[\"coder-1\"]", DENY))},
	{"a capability of another level", "unreachable", 1,
	 POLICY("20", RULE("a", "\"capability\":[\"t.read\"],\"risk\":[\"HIGH\"]", DENY)),
	 POLICY("20", RULE("a", "\"capability\":[\"t.run\"],\"risk\":[\"HIGH\"]", DENY))},
	{"two policies of one priority", "conflicting", 1,
	 POLICY("10", RULE("a", "\"path\":[\"/**\"],\"op\":[\"write\"]", ASK)),
	 POLICY("11", RULE("a", "\"path\":[\"/**\"],\"op\":[\"write\"]", ASK))},
	{"a standing grant for everything", "too-wide", 1,
	 POLICY("20", RULE("a", "\"agent\":[\"coder-1\"]", GRANT("2099"))),
	 POLICY("20", RULE("a", "\"agent\":[\"coder-1\"],\"path\":[\"/opt/x/**\"]", GRANT("2099")))},
	{"every path allowed", "too-wide", 1, POLICY("20", RULE("a", "\"path\":[\"/**\"]", ALLOW)),
	 POLICY("20", RULE("a", "\"path\":[\"/srv/a/**\"]", ALLOW))},
	{"an ALLOW that HIGH needs more for", "falls-to-default", 1,
	 POLICY("20", RULE("a", "\"capability\":[\"t.run\"]", ALLOW)),
	 POLICY("20", RULE("a", "\"capability\":[\"t.run\"]", GRANT("2099")))},
	{"asking for what is asked for", "falls-to-default", 1,
	 POLICY("20", RULE("a", "\"capability\":[\"t.run\"]", ASK)),
	 POLICY("20", RULE("a", "\"capability\":[\"t.read\"]", ASK))},
	{"the same, but before a rule that does more", "falls-to-default", 2,
	 POLICY("20", RULE("b", "\"capability\":[\"t.net\"]",
			   DENY) ",\n" RULE("a", "\"capability\":[\"t.run\"],\"path\":[\"/opt/a\"]", ASK)),
	 POLICY("20", RULE("a", "\"capability\":[\"t.run\"],\"path\":[\"/opt/a\"]",
			   ASK) ",\n" RULE("b", "\"capability\":[\"t.run\"]", DENY))},
	{"a grant of the past", "expired", 1, POLICY("20", RULE("a", "\"capability\":[\"t.run\"]", GRANT("2020"))),
	 POLICY("20", RULE("a", "\"capability\":[\"t.run\"]", GRANT("2099")))},
	{"a scope of everything", "too-wide", 2,
	 "{\"schema\":\"cvf.agent/v1\",\"id\":\"b\",\"profile\":\"default\",\n\"scope\":{\"paths\":[\"/**\"]}}",
	 "{\"schema\":\"cvf.agent/v1\",\"id\":\"b\",\"profile\":\"default\",\n\"scope\":{\"paths\":[\"/srv/**\"]}}"},
	{"a scope of every address", "too-wide", 2,
	 "{\"schema\":\"cvf.agent/v1\",\"id\":\"b\",\"profile\":\"default\",\n\"scope\":{\"net\":[\"0.0.0.0/0\"]}}",
	 "{\"schema\":\"cvf.agent/v1\",\"id\":\"b\",\"profile\":\"default\",\n\"scope\":{\"net\":[\"10.0.0.0/8\"]}}"},
	{"every grant", "too-wide", 1, "{\"schema\":\"cvf.agent/v1\",\"id\":\"b\",\"capabilities\":[\"*\"]}",
	 "{\"schema\":\"cvf.agent/v1\",\"id\":\"b\",\"capabilities\":[\"t.r*\"]}"},
	{"neither profile nor grants", "falls-to-default", 1, "{\"schema\":\"cvf.agent/v1\",\"id\":\"b\"}",
	 "{\"schema\":\"cvf.agent/v1\",\"id\":\"b\",\"profile\":\"default\"}"},
	{"a LOW write everywhere", "too-wide", 1,
	 "{\"schema\":\"cvf.capability/v1\",\"id\":\"u.w\",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"LOW\"},"
	 "\"match\":{\"file\":[{\"path\":\"/**\",\"ops\":[\"write\"]}]}}",
	 "{\"schema\":\"cvf.capability/v1\",\"id\":\"u.w\",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"LOW\"},"
	 "\"match\":{\"file\":[{\"path\":\"/var/**\",\"ops\":[\"write\"]}]}}"},
	{"a capability inside of a higher one", "shadowed", 1,
	 "{\"schema\":\"cvf.capability/v1\",\"id\":\"u.r\",\"operation_type\":\"EXECUTE\",\"risk\":{\"level\":\"LOW\"},"
	 "\"match\":{\"exec\":[{\"path\":\"/opt/bin/*\"}]}}",
	 "{\"schema\":\"cvf.capability/v1\",\"id\":\"u.r\",\"operation_type\":\"EXECUTE\",\"risk\":{\"level\":\"LOW\"},"
	 "\"match\":{\"exec\":[{\"path\":\"/usr/bin/*\"}]}}"},
	{"no level", "falls-to-default", 1,
	 "{\"schema\":\"cvf.capability/v1\",\"id\":\"u.r\",\"operation_type\":\"EXECUTE\","
	 "\"match\":{\"exec\":[{\"path\":\"/usr/bin/*\"}]}}",
	 "{\"schema\":\"cvf.capability/"
	 "v1\",\"id\":\"u.r\",\"operation_type\":\"EXECUTE\",\"risk\":{\"level\":\"HIGH\"},"
	 "\"match\":{\"exec\":[{\"path\":\"/usr/bin/*\"}]}}"},
};

static void begin(struct fixture *f, const char *text, int expected)
{
	fixture_begin(f);
	assert_int_equal(fixture_add(f, host), 0);
	assert_int_equal(model_load_candidate(f->m, text, strlen(text), "new.json", 0xf, &f->d), 0);
	assert_int_equal(model_check(f->m, &f->d), 0);
	assert_int_equal(f->d.n, 0);
	assert_int_equal(model_lint(f->m, FIXTURE_NOW, &f->d), expected);
}

static const struct diag *find(const struct fixture *f, const char *word)
{
	for (size_t i = 0; i < f->d.n; i++)
		if (f->d.v[i].word && strcmp(f->d.v[i].word, word) == 0)
			return &f->d.v[i];
	return NULL;
}

static void test_findings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		const struct diag *found;
		struct fixture f;

		begin(&f, row->bad, 0);
		found = find(&f, row->word);
		if (!found || found->line != row->line || strcmp(found->file, "new.json") || !found->column) {
			diags_print(&f.d, stderr);
			fail_msg("%s: not found as %s in line %u", row->name, row->word, row->line);
		}
		assert_int_equal(found->level, DIAG_WARNING);
		fixture_done(&f);
		begin(&f, row->good, 0);
		if (find(&f, row->word)) {
			diags_print(&f.d, stderr);
			fail_msg("%s: the twin has it too", row->name);
		}
		fixture_done(&f);
	}
}

static const char misspelt[] = POLICY("20", RULE("a", "\"capability\":[\"t.run\",\n\"t.rum\"]", ALLOW));
static const char spelt[] = POLICY("20", RULE("a", "\"capability\":[\"t.run\",\n\"t.read\"]", GRANT("2099")));

static void test_unregistered(void **state)
{
	const struct diag *found;
	struct fixture f;

	(void)state;
	begin(&f, misspelt, -EINVAL);
	found = find(&f, "unregistered");
	assert_non_null(found);
	assert_int_equal(found->level, DIAG_ERROR);
	assert_int_equal(found->line, 2);
	assert_int_equal(found->column, 1);
	fixture_done(&f);
	begin(&f, spelt, 0);
	assert_null(find(&f, "unregistered"));
	fixture_done(&f);
}

/* At run time: what it names, and what may be what it means. Everything else is as before. */
static void test_unregistered_denies(void **state)
{
	const struct query named = {.agent = "coder-1", .op = CVF_OP_EXEC, .object = "/opt/x", .now = FIXTURE_NOW};
	const struct query meant = {.agent = "coder-1", .op = CVF_OP_DELETE, .object = "/x", .now = FIXTURE_NOW};
	const struct query other = {.agent = "coder-1", .op = CVF_OP_READ, .object = "/x", .now = FIXTURE_NOW};
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	assert_int_equal(fixture_add(&f, host), 0);
	assert_int_equal(fixture_add(&f, misspelt), 0);
	fixture_build(&f);
	assert_string_equal(f.d.v[0].word, "unregistered");
	fixture_expect(&f, &named, CVF_VERDICT_DENY, CVF_REASON_POLICY_DENY);
	fixture_expect(&f, &meant, CVF_VERDICT_DENY, CVF_REASON_POLICY_DENY);
	fixture_expect(&f, &other, CVF_VERDICT_ALLOW, CVF_REASON_LOW_RISK);
	fixture_done(&f);
	fixture_begin(&f);
	assert_int_equal(fixture_add(&f, host), 0);
	assert_int_equal(fixture_add(&f, spelt), 0);
	fixture_build(&f);
	assert_int_equal(f.d.n, 0);
	fixture_expect(&f, &named, CVF_VERDICT_ALLOW, CVF_REASON_STANDING_GRANT);
	fixture_expect(&f, &meant, CVF_VERDICT_HOLD, CVF_REASON_UNREGISTERED);
	fixture_done(&f);
}

/* Findings are about what is tried, and a candidate takes the place of what it will replace. */
static void test_candidates_only(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "[]", 0);
	assert_int_equal(f.d.n, 0);
	fixture_done(&f);
	begin(&f, "{\"schema\":\"cvf.policy/v1\",\"id\":\"host\",\"rules\":[]}", 0);
	assert_int_equal(f.d.n, 0);
	assert_int_equal(json_array_size(json_object_get(model_find(f.m, DECL_POLICY, "host"), "rules")), 0);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_unregistered),
		cmocka_unit_test(test_unregistered_denies),
		cmocka_unit_test(test_candidates_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
