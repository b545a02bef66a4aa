// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_decl.c - what a declaration may say: each refusal beside the declaration that differs in one word and is
 * good
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_fixture.h"

#define CAP(rest)	 "{\"schema\":\"cvf.capability/v1\",\"id\":\"t.c\"" rest "}"
#define AGENT(rest)	 "{\"schema\":\"cvf.agent/v1\",\"id\":\"a\"" rest "}"
#define RULES(rest)	 "{\"schema\":\"cvf.policy/v1\",\"id\":\"p\",\"rules\":[" rest "]}"
#define RULE(rest)	 RULES("{\"effect\":\"DENY\"" rest "}")
#define OVERLAY(is, rest) "{\"schema\":\"cvf.policy/v1\",\"id\":\"p\",\"overlay\":" is ",\"rules\":[" rest "]}"
#define COUNTING(effect, rate, rest) \
	RULES("{\"effect\":\"" effect "\",\"when\":{\"rate\":{" rate "}" rest "}}")
#define ASKING(hold)	 RULES("{\"effect\":\"REQUIRE_APPROVAL\",\"hold\":{" hold "}}")
#define PROFILE(rest)	 "{\"schema\":\"cvf.profile/v1\",\"id\":\"f\"" rest "}"
#define FILE_MATCH(rest) CAP(",\"match\":{\"file\":[{\"path\":\"/x\"" rest "}]}")
#define NET_MATCH(rest)	 CAP(",\"match\":{\"net\":[{\"ops\":[\"connect\"]" rest "}]}")
#define EXAMPLES(match, no_match)                                                                                      \
	CAP(",\"operation_type\":\"WRITE\",\"match\":{\"file\":[{\"path\":[\"/etc/**\",\"${WORKSPACE}\","              \
	    "\"/run/user/${UID}/*\"],\"except\":\"/etc/x/**\"}],\"exec\":[{\"path\":\"git\",\"argv\":[\"commit\","     \
	    "\"-m\",\"two words\"]}],\"net\":[{\"address\":\"10.0.0.0/8\",\"ports\":\"22\",\"protocol\":\"tcp\","      \
	    "\"except\":\"10.1.0.0/16\"}],\"unix\":[{\"path\":\"/run/x\"}],\"sys\":[{\"ops\":[\"mount\"]}]},"          \
	    "\"examples\":{\"match\":[" match "],\"no_match\":[" no_match "]}")
#define IRREVERSIBLE(level, rest)                                                                                      \
	CAP(",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"" level "\"},\"side_effects\":{\"reversible\":"       \
	    "false}" rest)
#define DELETES(level, rest) CAP(",\"operation_type\":\"DELETE\",\"risk\":{\"level\":\"" level "\"}" rest)
#define BY(rest)	     ",\"compensation\":{\"supported\":true" rest "}"

static const char inconsistent[] = "Risk Consistency Check Failed: Irreversible side effects (reversible=false) "
				   "require risk level HIGH or CRITICAL, got LOW";

/* message NULL: accepted. */
static const struct row {
	const char *text, *message, *hint;
} rows[] = {
	/* kinds and ids */
	{CAP(""), NULL, NULL},
	{"{\"schema\":\"cvf.capability/v2\",\"id\":\"x\"}", "unknown schema", "cvf.capability/v1"},
	{"{\"id\":\"x\"}", "\"schema\" is missing", NULL},
	{"[]", NULL, NULL},
	{"[" CAP("") ",3]", "must be an object", NULL},
	{"{\"schema\":\"cvf.capability/v1\"}", "\"id\" is missing", NULL},
	{"{\"schema\":\"cvf.capability/v1\",\"id\":\"a b\"}", "is not an id", NULL},
	{"{\"schema\":\"cvf.capability/v1\",\"id\":\".a\"}", "is not an id", NULL},
	{"{\"schema\":\"cvf.capability/v1\",\"id\":\"unregistered.read\"}", "belong to the product", NULL},
	{"{\"schema\":\"cvf.capability/v1\",\"id\":\"TEXT_ANALYSIS\"}", NULL, NULL},
	{CAP(",\"desciption\":\"x\""), "unknown field \"desciption\"", "\"description\""},

	/* an empty text instead of a list */
	{CAP(",\"match\":{\"exec\":[{\"path\":\"\"}]}"), "must not be empty", NULL},
	{CAP(",\"match\":{\"exec\":[{\"path\":\"x\"}]}"), NULL, NULL},

	/* state and version */
	{CAP(",\"state\":\"PROPOSED\""), NULL, NULL},
	{CAP(",\"state\":\"RETIRED\""), NULL, NULL},
	{CAP(",\"state\":\"active\""), "unknown state \"active\"", "ACTIVE"},
	{CAP(",\"version\":\"1.0.0\""), NULL, NULL},
	{CAP(",\"version\":\"2.10.3-rc.1\""), NULL, NULL},
	{CAP(",\"version\":\"1.0\""), "is not a version", "1.0.0"},
	{CAP(",\"version\":\"1.0.0 \""), "is not a version", "1.0.0"},
	{CAP(",\"version\":\"-1.0.0\""), "is not a version", "1.0.0"},
	{CAP(",\"version\":1"), "must be a string", NULL},
	{CAP(",\"hold\":{\"questions_per_hour\":5}"), NULL, NULL},
	{CAP(",\"hold\":{\"escalation\":[{\"after_s\":60,\"approvers\":\"@a\"},{\"after_s\":61,\"approvers\":[\"b\"]}]}"), NULL, NULL},
	{CAP(",\"hold\":{\"escalation\":[{\"after_s\":60,\"approvers\":\"@a\"},{\"after_s\":60,\"approvers\":[\"b\"]}]}"),
	 "must be more than that of the step before", NULL},
	{CAP(",\"hold\":{\"escalation\":{\"after_s\":1,\"approvers\":\"a\"}}"), "must be an array of at most 8 objects", NULL},
	{CAP(",\"hold\":{\"questions_per_hour\":0}"), "must be between 1 and 10000", NULL},

	/* risk: a closed enumeration of eight words */
	{CAP(",\"risk\":{\"level\":\"LOW\"}"), NULL, NULL},
	{CAP(",\"risk\":{\"level\":\"R3\"}"), NULL, NULL},
	{CAP(",\"risk\":{\"level\":\"high\"}"), "unknown risk level \"high\"", "HIGH"},
	{CAP(",\"risk\":{\"level\":\"High\"}"), "unknown risk level", "HIGH"},
	{CAP(",\"risk\":{\"level\":\"SUPER_HIGH\"}"), "unknown risk level", "CRITICAL"},
	{CAP(",\"risk\":{\"level\":\"R4\"}"), "unknown risk level", "R3"},
	{CAP(",\"risk\":{\"level\":2}"), "must be a string", NULL},
	{CAP(",\"operation_type\":\"READ\""), NULL, NULL},
	{CAP(",\"operation_type\":\"read\""), "unknown operation type", "READ"},

	/* rules 24 to 26 */
	{IRREVERSIBLE("LOW", ""), inconsistent, NULL},
	{IRREVERSIBLE("LOW", BY(",\"strategy\":\"snapshot\"")), inconsistent, NULL},
	{IRREVERSIBLE("R0", ""), inconsistent, NULL},
	{IRREVERSIBLE("MEDIUM", BY(",\"strategy\":\"snapshot\"")), "require risk level HIGH or CRITICAL, got MEDIUM",
	 NULL},
	{IRREVERSIBLE("HIGH", ""), "without compensation require risk level CRITICAL, got HIGH", "compensation"},
	{IRREVERSIBLE("HIGH", BY(",\"strategy\":\"quarantine\"")), NULL, NULL},
	/* nothing takes snapshots: they make up for nothing */
	{IRREVERSIBLE("HIGH", BY(",\"strategy\":\"snapshot\"")), "without compensation require risk level CRITICAL",
	 NULL},
	{CAP(BY(",\"strategy\":\"snapshot\"")), NULL, NULL},
	{IRREVERSIBLE("HIGH", BY(",\"strategy\":\"command\",\"capability_id\":\"t.undo\"")), NULL, NULL},
	{IRREVERSIBLE("HIGH", BY(",\"strategy\":\"command\"")), "without compensation require risk level CRITICAL",
	 NULL},
	{IRREVERSIBLE("HIGH", BY(",\"strategy\":\"prayer\"")), "without compensation require risk level CRITICAL",
	 NULL},
	{IRREVERSIBLE("HIGH", BY(",\"capability_id\":\"t.c\"")), "without compensation", NULL},
	{IRREVERSIBLE("CRITICAL", ""), NULL, NULL},
	{DELETES("MEDIUM", ""),
	 "Risk Consistency Check Failed: DELETE operations require risk level HIGH or CRITICAL, got MEDIUM", NULL},
	{DELETES("HIGH", ""), NULL, NULL},
	{CAP(",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"MEDIUM\"}"), NULL, NULL},
	/* no level counts as HIGH */
	{CAP(",\"operation_type\":\"DELETE\""), NULL, NULL},
	{CAP(",\"side_effects\":{\"reversible\":false}"), "without compensation require risk level CRITICAL, got HIGH",
	 NULL},
	/* no type follows from what is matched */
	{CAP(",\"risk\":{\"level\":\"LOW\"},\"match\":{\"file\":[{\"path\":\"/x\",\"ops\":[\"delete\"]}]}"),
	 "DELETE operations require", NULL},

	/* time-outs */
	{CAP(",\"hold\":{\"timeout_s\":60,\"on_timeout\":\"deny\"}"), NULL, NULL},
	{CAP(",\"hold\":{\"timeout_s\":0}"), "between 1 and", NULL},
	{CAP(",\"hold\":{\"on_timeout\":\"allow\"}"), "unknown time-out action", "deny"},
	{CAP(",\"parameters\":[{\"name\":\"remote\",\"type\":\"string\"}]"), NULL, NULL},
	{CAP(",\"parameters\":[{\"type\":\"string\"}]"), "\"name\" is missing", NULL},

	/* examples: tried for an agent that works in /home/example/work */
	{EXAMPLES("\"write /etc/a\"", ""), NULL, NULL},
	{EXAMPLES("\"write /etc/x/a\"", ""), "takes it out by \"except\"", "no_match"},
	{EXAMPLES("\"write /srv/a\"", ""), "the nearest, file[0], covers other paths", NULL},
	{EXAMPLES("\"read /etc/a\"", ""), "nothing in \"match\" covers the operation read", NULL},
	{EXAMPLES("", "\"write /etc/x/a\""), NULL, NULL},
	{EXAMPLES("", "\"write /etc/a\""), "\"write /etc/a\" is matched, by file[0]", "except"},
	{EXAMPLES("\"write /home/example/work/a\"", "\"write /home/example/a\""), NULL, NULL},
	{EXAMPLES("\"write /home/example/a\"", ""), "is not matched", NULL},
	{EXAMPLES("\"write /run/user/1000/a\"", "\"write /run/user/1001/a\""), NULL, NULL},
	{EXAMPLES("\"rename /srv/a /etc/a\"", "\"rename /srv/a /srv/b\""), NULL, NULL},
	{EXAMPLES("\"exec /usr/bin/git commit -m two\\\\ words\"", "\"exec /usr/bin/git commit -m two words\""), NULL,
	 NULL},
	{EXAMPLES("\"exec /usr/bin/git commit\"", ""), "exec[0], covers the object, but not with these arguments",
	 NULL},
	{EXAMPLES("\"connect 10.0.0.1:22\"", "\"connect 10.0.0.1:23\",\"connect 10.0.0.1:22 udp\""), NULL, NULL},
	{EXAMPLES("\"connect 10.0.0.1:23\"", ""),
	 "net[0], covers the object, but not with these arguments or this port", NULL},
	{EXAMPLES("\"connect 10.1.0.1:22\"", ""), "takes it out", NULL},
	{EXAMPLES("\"connect 11.0.0.1:22\"", ""), "covers other paths or addresses", NULL},
	{EXAMPLES("\"unix-connect /run/x\"", "\"unix-connect /run/y\""), NULL, NULL},
	{EXAMPLES("\"mount\"", "\"bpf\""), NULL, NULL},
	{EXAMPLES("\"bpf\"", ""), "covers the operation bpf", NULL},
	{EXAMPLES("\"wrte /etc/a\"", ""), "the example is no operation: unknown operation", "did you mean \"write\""},
	{EXAMPLES("\"write ${HOME}/a\"", ""), "not an absolute path", NULL},
	{EXAMPLES("[\"write\"]", ""), "an example must be a string, not an array", NULL},
	{EXAMPLES("\"\"", ""), "the operation is missing", NULL},
	{CAP(",\"examples\":{\"match\":\"write /etc/a\"}"), "must be an array of at most", NULL},
	{CAP(",\"examples\":{\"matches\":[]}"), "unknown field \"matches\"", "\"match\""},

	/* matchers */
	{FILE_MATCH(",\"ops\":[\"read\",\"exec-map\"],\"except\":[\"/x/y\"]"), NULL, NULL},
	{FILE_MATCH(",\"ops\":[\"reed\"]"), "unknown file operation \"reed\"", "read"},
	{FILE_MATCH(",\"ops\":[\"exec\"]"), "unknown file operation", NULL},
	{FILE_MATCH(",\"ops\":[]"), "the list is empty", NULL},
	{FILE_MATCH(""), "\"ops\" is missing", NULL},
	{CAP(",\"operation_type\":\"READ\",\"match\":{\"file\":[{\"path\":\"/x\"}]}"), NULL, NULL},
	{CAP(",\"match\":{\"file\":[{\"path\":\"x\",\"ops\":[\"read\"]}]}"), "begins with a slash", NULL},
	{CAP(",\"match\":{\"file\":[{\"path\":\"/[x\",\"ops\":[\"read\"]}]}"), "is not closed", NULL},
	{CAP(",\"match\":{\"file\":[{\"path\":\"${WORKSPACE}/x\",\"ops\":[\"read\"]}]}"), NULL, NULL},
	{CAP(",\"match\":{\"file\":[{\"path\":\"${PWD}/x\",\"ops\":[\"read\"]}]}"), "only variables", NULL},
	{CAP(",\"match\":{\"exec\":[{\"path\":\"git\",\"argv\":[\"push\",\"**\"]}]}"), NULL, NULL},
	{CAP(",\"match\":{\"exec\":[{\"path\":\"git\",\"argv\":\"push\"}]}"), "must be an array", NULL},
	{CAP(",\"match\":{\"exec\":[{\"path\":\"git\",\"argv\":[\"{a\"]}]}"), "is not closed", NULL},
	{CAP(",\"match\":{\"exec\":[{\"argv\":[]}]}"), "\"path\" is missing", NULL},
	{CAP(",\"match\":{\"sys\":[{\"ops\":[\"bpf\"]}]}"), NULL, NULL},
	{CAP(",\"match\":{\"sys\":[{\"ops\":[\"read\"]}]}"), "unknown system operation", NULL},
	{CAP(",\"match\":{\"unix\":[{\"path\":\"/run/x\",\"ops\":[\"connect\"]}]}"), NULL, NULL},
	{CAP(",\"match\":{\"files\":[]}"), "unknown field \"files\"", "\"file\""},
	{NET_MATCH(",\"protocol\":\"tcp\",\"address\":\"10.0.0.0/8\",\"ports\":\"22,8000-8100\""), NULL, NULL},
	{NET_MATCH(",\"address\":[\"::1\",\"127.0.0.1\"],\"ports\":443"), NULL, NULL},
	{NET_MATCH(",\"address\":\"any\""), NULL, NULL},
	{NET_MATCH(",\"address\":\"github.com\""), "is not an address", "no host names"},
	{NET_MATCH(",\"address\":\"10.0.0.0/33\""), "is not an address", NULL},
	{NET_MATCH(",\"ports\":\"8100-8000\""), "not ports", NULL},
	{NET_MATCH(",\"ports\":\"65536\""), "not ports", NULL},
	{NET_MATCH(",\"protocol\":\"icmp\""), "unknown protocol", "tcp"},

	/* agents */
	{AGENT(""), NULL, NULL},
	{AGENT(",\"mode\":\"learn\",\"limits\":{\"pending_holds\":0},\"home\":\"/srv/h\",\"owner\":\"o\""), NULL, NULL},
	{AGENT(",\"mode\":\"off\""), "unknown mode", "observe"},
	{AGENT(",\"limits\":{\"pending_holds\":100000}"), "between 0 and 1024", NULL},
	{AGENT(",\"match\":{\"uid\":[1001],\"exe\":[\"/bin/x\"],\"cgroup\":[\"/a/*\"]}"), NULL, NULL},
	{AGENT(",\"match\":{\"uid\":[0]}"), "cannot be an agent", NULL},
	{AGENT(",\"match\":{\"uid\":[-1]}"), "between", NULL},
	{AGENT(",\"home\":\"srv\""), "begins with a slash", NULL},
	{AGENT(",\"scope\":{\"paths\":[\"/work/**\"],\"net\":[\"127.0.0.0/8\"]}"), NULL, NULL},
	{AGENT(",\"scope\":{\"paths\":[\"work\"]}"), "begins with a slash", NULL},
	{AGENT(",\"scope\":{\"net\":[\"localhost\"]}"), "is not an address", NULL},

	/* rules */
	{RULE(""), NULL, NULL},
	{RULES(""), NULL, NULL},
	{RULES("{}"), "\"effect\" is missing", NULL},
	{RULES("{\"effect\":\"MAYBE\"}"), "unknown effect", "REQUIRE_APPROVAL"},
	{RULE(",\"when\":{\"risk\":[\"HIGH\",\"R3\"],\"operation_type\":[\"DELETE\"],\"op\":[\"exec\"],\"in_scope\":"
	      "true}"),
	 NULL, NULL},
	{RULE(",\"when\":{\"risk\":[]}"), "the list is empty", NULL},
	{RULE(",\"when\":{\"agent\":[]}"), "the list is empty", NULL},
	{RULE(",\"when\":{\"risk\":[\"high\"]}"), "unknown risk level", NULL},
	{RULE(",\"when\":{\"time\":\"Mon-Fri 09:00-18:00\"}"), NULL, NULL},
	{RULE(",\"when\":{\"time\":\"Mon-Fri,Sun; 22:00-06:00\"}"), NULL, NULL},
	{RULE(",\"when\":{\"time\":\"Monday\"}"), "not a time of the week", "UTC"},
	{COUNTING("DENY", "\"more_than\":200,\"within_s\":60", ""), NULL, NULL},
	{COUNTING("REQUIRE_APPROVAL", "\"more_than\":0,\"within_s\":86400", ""), NULL, NULL},
	{COUNTING("ALLOW", "\"more_than\":200,\"within_s\":60", ""), "it cannot allow", "DENY or REQUIRE_APPROVAL"},
	{COUNTING("DENY", "\"more_than\":200,\"within_s\":60", ",\"time\":\"Mon\""), "at the time of the week", "two rules"},
	{COUNTING("DENY", "\"more_than\":200,\"within_s\":0", ""), "between 1 and 86400", NULL},
	{COUNTING("DENY", "\"more_than\":-1,\"within_s\":9", ""), "between 0 and 1000000", NULL},
	{RULE(",\"when\":{\"session_age\":{\"more_than_s\":28800}}"), NULL, NULL},
	{RULE(",\"when\":{\"session_age\":{\"more_than_s\":0}}"), "between 1 and 2592000", NULL},
	{COUNTING("DENY", "\"more_than\":1,\"within_s\":9", ",\"session_age\":{\"more_than_s\":5}"), "both count and look",
	 "two rules"},
	{RULES("{\"effect\":\"REQUIRE_APPROVAL\",\"when\":{\"first_use\":true}}"), NULL, NULL},
	{RULES("{\"effect\":\"DENY\",\"when\":{\"first_use\":false}}"), "can only be true", "leave the field out"},
	{RULES("{\"effect\":\"ALLOW\",\"when\":{\"first_use\":true}}"), "cannot be allowed for that", "DENY or REQUIRE_APPROVAL"},
	{RULE(",\"when\":{\"argv\":[\"push\",\"**\"]}"), NULL, NULL},
	{RULE(",\"when\":{\"argv\":[]}"), "the list is empty", NULL},
	{RULE(",\"hold\":{\"timeout_s\":60}"), "only the effect REQUIRE_APPROVAL", NULL},
	{RULES("{\"effect\":\"REQUIRE_APPROVAL\",\"hold\":{\"timeout_s\":60}}"), NULL, NULL},
	{ASKING("\"approvers\":[\"alice\",\"@release\"],\"quorum\":2"), NULL, NULL},
	{ASKING("\"approvers\":\"@release\",\"quorum\":16"), NULL, NULL},
	{ASKING("\"quorum\":2"), NULL, NULL},
	{ASKING("\"quorum\":0"), "between 1 and 16", NULL},
	{ASKING("\"quorum\":17"), "between 1 and 16", NULL},
	{ASKING("\"approvers\":[\"alice\",\"bob\"],\"quorum\":2"), NULL, NULL},
	{ASKING("\"approvers\":[\"alice\",\"bob\"],\"quorum\":3"), "2 can never be 3", "or a group"},
	{ASKING("\"approvers\":[]"), "the list is empty", "whoever has the role"},
	{ASKING("\"approvers\":[\"alice\",\"alice\"]"), "named twice", NULL},
	{ASKING("\"approvers\":[\"@\"]"), "no name of a user", "after an @"},
	{ASKING("\"approvers\":[\"a b\"]"), "no name of a user", NULL},
	{ASKING("\"approvers\":[3]"), "must be a string", NULL},
	{RULE(",\"hold\":{\"quorum\":2}"), "only the effect REQUIRE_APPROVAL", NULL},
	{RULE(",\"hold\":{\"approvers\":[\"alice\"]}"), "only the effect REQUIRE_APPROVAL", NULL},
	{COUNTING("REQUIRE_APPROVAL", "\"more_than\":9,\"within_s\":9", "},\"hold\":{\"quorum\":2"), "any approver answers that",
	 "or the condition"},
	{COUNTING("DENY", "\"within_s\":9", ""), "\"more_than\" is missing", NULL},
	{RULE(",\"when\":{\"time\":\"25:00-26:00\"}"), "not a time of the week", NULL},
	{RULE(",\"when\":{\"address\":[\"10.0.0.0/8\"]}"), NULL, NULL},
	{RULE(",\"when\":{\"mode\":\"x\"}"), "unknown field", NULL},
	{RULE(",\"standing_grant\":{\"expires\":\"2030-01-01T00:00:00Z\",\"ticket\":\"T\"}"),
	 "belongs to the effect ALLOW", NULL},
	{RULES("{\"effect\":\"ALLOW\",\"standing_grant\":{\"expires\":\"2030-01-01T00:00:00+01:00\",\"ticket\":\"T\"}"
	       "}"),
	 NULL, NULL},
	{RULES("{\"effect\":\"ALLOW\",\"standing_grant\":{\"expires\":\"2030-01-01T00:00:00Z\"}}"),
	 "\"ticket\" is missing", NULL},
	{RULES("{\"effect\":\"ALLOW\",\"standing_grant\":{\"expires\":\"soon\",\"ticket\":\"T\"}}"),
	 "not an RFC 3339 time", NULL},
	{RULES("{\"effect\":\"ALLOW\",\"standing_grant\":{\"expires\":\"2030-02-30T00:00:00Z\",\"ticket\":\"T\"}}"),
	 "not an RFC", NULL},
	{RULES("{\"effect\":\"DENY\",\"id\":\"x\"},{\"effect\":\"DENY\",\"id\":\"x\"}"), "two rules have the id", NULL},
	{RULES("{\"effect\":\"DENY\",\"id\":\"2\"},{\"effect\":\"DENY\"}"), "two rules have the id \"2\"", NULL},
	{PROFILE(",\"capabilities\":[\"io.*\"],\"scope\":{\"paths\":[\"/tmp/**\"]},\"rules\":[{\"effect\":\"DENY\"}]"),
	 NULL, NULL},
	{PROFILE(",\"capability\":[]"), "unknown field", "\"capabilities\""},
	{PROFILE(",\"extends\":[\"a\",\"b\"]"), NULL, NULL},
	{PROFILE(",\"extends\":\"a\""), NULL, NULL},
	{PROFILE(",\"extends\":[\"a b\"]"), "is not an id", NULL},
	{PROFILE(",\"extends\":[3]"), "must be a string", NULL},

	/* overlays */
	{OVERLAY("true", "{\"effect\":\"DENY\"},{\"effect\":\"REQUIRE_APPROVAL\"}"), NULL, NULL},
	{OVERLAY("true", "{\"effect\":\"DENY\"},{\"effect\":\"ALLOW\"}"), "it cannot allow", "DENY or REQUIRE_APPROVAL"},
	{OVERLAY("false", "{\"effect\":\"DENY\"},{\"effect\":\"ALLOW\"}"), NULL, NULL},
	{OVERLAY("1", ""), "must be true or false", NULL},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;
		int r;

		fixture_begin(&f);
		r = fixture_add(&f, rows[i].text);
		assert_int_equal(r, rows[i].message ? -EINVAL : 0);
		if (r < 0) {
			struct diag *first = f.d.v;

			while (first->level != DIAG_ERROR)
				first++;
			if (!strstr(first->message, rows[i].message) ||
			    (rows[i].hint && !(first->hint && strstr(first->hint, rows[i].hint))))
				fail_msg("%s: %s (%s)", rows[i].text, first->message, first->hint ? first->hint : "");
			assert_true(first->line == 1 && first->column >= 1);
			assert_int_equal(model_count(f.m, DECL_CAPABILITY), 0);
		}
		fixture_done(&f);
	}
}

static void test_exact_message(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	assert_int_equal(fixture_add(&f, IRREVERSIBLE("LOW", "")), -EINVAL);
	assert_string_equal(f.d.v[0].message, inconsistent);
	fixture_done(&f);
}

/* ---- the whole ---- */

static int check_whole(struct fixture *f, const char *text)
{
	fixture_begin(f);
	assert_int_equal(fixture_add(f, text), 0);
	return model_check(f->m, &f->d);
}

static void test_compensation(void **state)
{
	static const char undo[] = "{\"schema\":\"cvf.capability/v1\",\"id\":\"t.undo\"}";
	static const char needs[] = IRREVERSIBLE("HIGH", BY(",\"capability_id\":\"t.undo\""));
	char both[1024];
	struct fixture f;

	(void)state;
	snprintf(both, sizeof(both), "[%s,%s]", undo, needs);
	assert_int_equal(check_whole(&f, both), 0);
	fixture_done(&f);
	assert_int_equal(check_whole(&f, needs), -EINVAL);
	assert_string_equal(
		f.d.v[f.d.n - 1].message,
		"Risk Consistency Check Failed: Irreversible side effects (reversible=false) without compensation "
		"require risk level CRITICAL, got HIGH");
	fixture_done(&f);
	/* Reversible: a compensation that does not exist is only worth a warning. */
	assert_int_equal(check_whole(&f, CAP(BY(",\"capability_id\":\"t.undo\""))), 0);
	assert_int_equal(f.d.n, 1);
	assert_int_equal(f.d.v[0].level, DIAG_WARNING);
	fixture_done(&f);
}

static void test_duplicates(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(check_whole(&f, "[" CAP("") "," CAP("") "]"), -EINVAL);
	fixture_done(&f);
	/* An agent and a capability may share an id. */
	assert_int_equal(check_whole(&f, "[" CAP("") ",{\"schema\":\"cvf.agent/v1\",\"id\":\"t.c\"}]"), 0);
	fixture_done(&f);
}

static void test_shadowing(void **state)
{
	static const char shipped[] = CAP(",\"risk\":{\"level\":\"LOW\"}"),
			  own[] = CAP(",\"risk\":{\"level\":\"CRITICAL\"}");
	const json_t *seen;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	assert_int_equal(fixture_add(&f, own), 0);
	assert_int_equal(model_load_text(f.m, shipped, strlen(shipped), "shipped", 1, true, &f.d), 0);
	assert_int_equal(model_check(f.m, &f.d), 0);
	assert_int_equal(f.d.v[0].level, DIAG_WARNING);
	assert_int_equal(model_count(f.m, DECL_CAPABILITY), 1);
	seen = model_find(f.m, DECL_CAPABILITY, "t.c");
	assert_string_equal(json_string_value(json_object_get(json_object_get(seen, "risk"), "level")), "CRITICAL");
	assert_true(json_is_false(json_object_get(seen, "builtin")));
	fixture_done(&f);
}

static void test_profiles(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(check_whole(&f, AGENT(",\"profile\":\"f\"")), -EINVAL);
	assert_true(strstr(f.d.v[0].message, "does not exist") != NULL);
	assert_int_equal(fixture_compile(&f), -EINVAL);
	fixture_done(&f);
	assert_int_equal(check_whole(&f, "[" AGENT(",\"profile\":\"f\"") "," PROFILE("") "]"), 0);
	fixture_done(&f);
	/* Without any profile the default one is empty. */
	assert_int_equal(check_whole(&f, AGENT("")), 0);
	assert_int_equal(fixture_compile(&f), 0);
	fixture_done(&f);
}

static void test_warnings(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(check_whole(&f, AGENT(",\"capabilities\":[\"io.fs.*\"]")), 0);
	assert_int_equal(f.d.n, 1);
	fixture_done(&f);
	assert_int_equal(check_whole(&f, "[" AGENT(",\"capabilities\":[\"t.*\"]") "," CAP("") "]"), 0);
	assert_int_equal(f.d.n, 0);
	fixture_done(&f);
	assert_int_equal(
		check_whole(
			&f,
			"[" AGENT(",\"match\":{\"uid\":[7]}") ",{\"schema\":\"cvf.agent/v1\",\"id\":\"b\",\"match\":{"
							      "\"uid\":[7]}}]"),
		-EINVAL);
	fixture_done(&f);
}

/* ---- by pattern ---- */

/* Loads what a pattern gave and returns its level. */
static enum cvf_risk created(json_t *decl, bool reversible)
{
	char *text = json_dumps(decl, 0);
	struct fixture f;
	enum cvf_risk risk = CVF_R0;
	const json_t *j;

	assert_non_null(text);
	fixture_begin(&f);
	assert_int_equal(fixture_add(&f, text), 0);
	j = model_find(f.m, DECL_CAPABILITY, "t.x");
	assert_int_equal(json_is_true(json_object_get(json_object_get(j, "side_effects"), "reversible")), reversible);
	while (strcmp(risk_name(risk), json_string_value(json_object_get(json_object_get(j, "risk"), "level"))))
		risk++;
	fixture_done(&f);
	free(text);
	json_decref(decl);
	return risk;
}

static void test_patterns(void **state)
{
	static const struct capability_text text = {"t.x", "X", NULL};
	json_t *decl = NULL;

	(void)state;
	assert_int_equal(capability_create_read(&text, &decl), 0);
	assert_int_equal(created(decl, true), CVF_R0);
	assert_int_equal(capability_create_write(&text, true, NULL, &decl), 0);
	assert_int_equal(created(decl, true), CVF_R1);
	assert_int_equal(capability_create_write(&text, false, "t.undo", &decl), 0);
	assert_int_equal(created(decl, false), CVF_R2);
	assert_int_equal(capability_create_write(&text, false, NULL, &decl), -EINVAL);
	assert_int_equal(capability_create_delete(&text, NULL, &decl), 0);
	assert_int_equal(created(decl, false), CVF_R2);
	assert_int_equal(capability_create_delete(&text, "t.undo", &decl), 0);
	assert_int_equal(created(decl, false), CVF_R2);
	assert_int_equal(capability_create_exec(&text, NULL, &decl), 0);
	assert_int_equal(created(decl, true), CVF_R2);
	assert_int_equal(capability_create_net(&text, NULL, &decl), 0);
	assert_int_equal(created(decl, true), CVF_R2);
}

/* ---- what is shown ---- */

static const char *shown(const json_t *j, const char *part, const char *key)
{
	return json_string_value(json_object_get(part ? json_object_get(j, part) : j, key));
}

static void test_normal(void **state)
{
	const json_t *j;
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	assert_int_equal(fixture_add(&f, "[" CAP(",\"risk\":{\"level\":\"R2\"}" BY(
						 ",\"strategy\":\"quarantine\"")) "," AGENT("") "," RULE("") "]"),
			 0);
	j = model_find(f.m, DECL_CAPABILITY, "t.c");
	assert_string_equal(shown(j, "risk", "level"), "HIGH");
	assert_string_equal(shown(j, "risk", "class"), "R2");
	assert_string_equal(shown(j, NULL, "name"), "t.c");
	assert_string_equal(shown(j, NULL, "source"), "test.json");
	assert_string_equal(shown(j, "hold", "on_timeout"), "deny");
	assert_string_equal(shown(j, NULL, "state"), "ACTIVE");
	assert_string_equal(shown(j, NULL, "version"), "1.0.0");
	assert_true(json_is_true(json_object_get(json_object_get(j, "compensation"), "performed")));
	assert_true(json_is_true(json_object_get(json_object_get(j, "side_effects"), "reversible")));
	j = model_find(f.m, DECL_AGENT, "a");
	assert_string_equal(shown(j, NULL, "profile"), "default");
	assert_string_equal(shown(j, NULL, "mode"), "enforce");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "limits"), "pending_holds")),
			 CVF_HOLDS_AGENT);
	j = json_array_get(json_object_get(model_find(f.m, DECL_POLICY, "p"), "rules"), 0);
	assert_string_equal(shown(j, NULL, "id"), "1");
	assert_null(model_find(f.m, DECL_POLICY, "q"));
	assert_null(model_at(f.m, DECL_POLICY, 1));
	fixture_done(&f);
}

static void test_atomic(void **state)
{
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	assert_int_equal(fixture_add(&f, "[" CAP("") "," AGENT(",\"mode\":\"x\"") "]"), -EINVAL);
	assert_int_equal(model_count(f.m, DECL_CAPABILITY), 0);
	/* A kind that is not allowed in this place. */
	assert_int_equal(model_load_text(f.m, CAP(""), strlen(CAP("")), "x", 1 << DECL_AGENT, false, &f.d), -EINVAL);
	assert_int_equal(model_load_text(f.m, CAP(""), strlen(CAP("")), "x", 1 << DECL_CAPABILITY, false, &f.d), 0);
	assert_int_equal(model_count(f.m, DECL_CAPABILITY), 1);
	fixture_done(&f);
}

static void test_files(void **state)
{
	char dir[] = "/tmp/cvf-decl-XXXXXX", path[64];
	struct fixture f;
	FILE *out;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.json", dir);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(CAP(""), out);
	fclose(out);
	fixture_begin(&f);
	assert_int_equal(model_load_dir(f.m, dir, 1, false, &f.d), 0);
	assert_int_equal(model_count(f.m, DECL_CAPABILITY), 1);
	assert_int_equal(model_load_dir(f.m, "/tmp/cvf-there-is-none", 1, false, &f.d), 0);
	assert_int_equal(model_load_file(f.m, "/tmp/cvf-there-is-none", 1, false, &f.d), -EINVAL);
	assert_int_equal(model_load_file(f.m, dir, 1, false, &f.d), -EINVAL);
	fixture_done(&f);
	unlink(path);
	rmdir(dir);
}

/* Every wrong example of a file at once, each at its own place. */
static void test_example_places(void **state)
{
	static const char text[] = "{\"schema\": \"cvf.capability/v1\", \"id\": \"t.c\",\n"
				   " \"operation_type\": \"WRITE\", \"match\": {\"file\": [{\"path\": \"/a/*\"}]},\n"
				   " \"examples\": {\"match\": [\"write /a/b\",\n"
				   "                        \"write /b\"],\n"
				   "              \"no_match\": [\"write /b\", \"write /a/b\"]}}";
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	assert_int_equal(fixture_add(&f, text), -EINVAL);
	assert_int_equal(f.d.n, 2);
	assert_int_equal(f.d.v[0].line, 4);
	assert_int_equal(f.d.v[0].column, 25);
	assert_int_equal(f.d.v[1].line, 5);
	assert_int_equal(f.d.v[1].column, 40);
	assert_int_equal(model_count(f.m, DECL_CAPABILITY), 0);
	fixture_done(&f);
}

/* A scope of any user is refused; with the users known it is theirs alone. */
static void test_users_of_scope(void **state)
{
	struct query q = {.agent = "a", .op = CVF_OP_WRITE, .object = "/run/user/7/x"};
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	assert_int_equal(fixture_add(&f, AGENT(",\"scope\":{\"paths\":[\"/run/user/${UID}/**\"]}")), 0);
	assert_int_equal(model_check(f.m, &f.d), -EINVAL);
	assert_non_null(strstr(f.d.v[f.d.n - 1].message, "matches no user"));
	fixture_done(&f);
	fixture_load(&f, "[" AGENT(",\"match\":{\"uid\":[7,8]},\"capabilities\":[\"*\"],\"scope\":{\"paths\":[\"/run/"
				   "user/${UID}/**\"]}") "," CAP(",\"operation_type\":\"WRITE\",\"risk\":{\"level\":"
								 "\"R1\"},\"match\":{\"file\":[{"
								 "\"path\":\"/**\"}]}") "]");
	fixture_expect(&f, &q, CVF_VERDICT_ALLOW, CVF_REASON_IN_SCOPE);
	q.object = "/run/user/8/x";
	fixture_expect(&f, &q, CVF_VERDICT_ALLOW, CVF_REASON_IN_SCOPE);
	q.object = "/run/user/9/x";
	fixture_expect(&f, &q, CVF_VERDICT_DENY, CVF_REASON_OUT_OF_SCOPE);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	       cmocka_unit_test(test_exact_message),
		cmocka_unit_test(test_compensation),   cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_shadowing),      cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_warnings),       cmocka_unit_test(test_normal),
		cmocka_unit_test(test_atomic),	       cmocka_unit_test(test_files),
		cmocka_unit_test(test_patterns),       cmocka_unit_test(test_example_places),
		cmocka_unit_test(test_users_of_scope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
