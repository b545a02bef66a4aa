// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_trace.c - explain says of each rule which condition did not hold: what there was, and what the rule wants
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/pool.h"
#include "policy_fixture.h"

static const char host[] =
	"[{\"schema\":\"cvf.capability/"
	"v1\",\"id\":\"t.write\",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"HIGH\"},"
	"\"match\":{\"file\":[{\"path\":\"/**\",\"ops\":[\"write\"],\"except\":[\"/free/**\"]}]}},"
	"{\"schema\":\"cvf.capability/"
	"v1\",\"id\":\"t.net\",\"operation_type\":\"NETWORK\",\"risk\":{\"level\":\"HIGH\"},"
	"\"match\":{\"net\":[{\"ops\":[\"connect\"]}]}},"
	"{\"schema\":\"cvf.agent/v1\",\"id\":\"a\",\"capabilities\":[\"t.*\"],\"scope\":{\"paths\":[\"/srv/**\"]}}]";

static const struct row {
	const char *when, *operation, *why;
} rows[] = {
	{"\"agent\":[\"b*\",\"c\"]", "write /srv/x", "agent: a, the rule wants b*, c"},
	{"\"owner\":[\"team-*\"]", "write /srv/x", "owner: nobody, the rule wants team-*"},
	{"\"session_age\":{\"more_than_s\":60}", "write /srv/x", "session_age: 0 s, the rule wants more than 60 s"},
	{"\"path\":[\"**/git\"],\"argv\":[\"push\"]", "exec /usr/bin/git pull",
	 "argv: /usr/bin/git pull, the rule wants **/git with push"},
	{"\"profile\":[\"ci\"]", "write /srv/x", "profile: default, the rule wants ci"},
	{"\"op\":[\"read\",\"exec\"]", "write /srv/x", "op: write, the rule wants exec, read"},
	{"\"risk\":[\"LOW\",\"R3\"]", "write /srv/x", "risk: HIGH, the rule wants LOW, CRITICAL"},
	{"\"capability\":[\"t.net\"]", "write /srv/x", "capability: t.write, the rule wants t.net"},
	{"\"operation_type\":[\"READ\"]", "write /srv/x", "operation_type: WRITE, the rule wants READ"},
	{"\"in_scope\":false", "write /srv/x", "in_scope: in scope, the rule wants out of scope"},
	{"\"path\":[\"/a\",\"/b\",\"/c\",\"/d\",\"/e\",\"/f\",\"/g\"]", "write /srv/x",
	 "path: /srv/x, the rule wants /a, /b, /c, /d, /e, /f and 1 more"},
	{"\"path\":[\"/a\"]", "connect 10.0.0.1:80", "path: no path, the rule wants /a"},
	{"\"address\":[\"10.1.0.0/16\",\"::1\"]", "connect 10.0.0.1:80",
	 "address: 10.0.0.1, the rule wants 10.1.0.0/16, ::1/128"},
	{"\"address\":[\"10.1.0.0/16\"]", "write /srv/x", "address: no address, the rule wants 10.1.0.0/16"},
	{"\"time\":\"Sat-Sun 09:00-18:00\"", "write /srv/x", "time: Mon 14:13 UTC, the rule wants Sat/Sun 09:00-18:00"},
	{"\"path\":[\"/srv/**\"],\"risk\":[\"HIGH\"]", "write /srv/x", "every condition holds: risk HIGH; path /srv/x"},
	{"", "write /srv/x", "every condition holds"},
};

static json_t *trace_of(const char *when, const char *operation)
{
	struct pool *pool = pool_new();
	json_t *trace = json_array();
	struct diags d = {0};
	char text[1024];
	struct fixture f;
	struct answer a;
	struct query q;

	fixture_begin(&f);
	assert_int_equal(fixture_add(&f, host), 0);
	snprintf(text, sizeof(text),
		 "{\"schema\":\"cvf.policy/"
		 "v1\",\"id\":\"p\",\"rules\":[{\"id\":\"r\",\"when\":{%s},\"effect\":\"DENY\"}]}",
		 when);
	assert_int_equal(fixture_add(&f, text), 0);
	assert_int_equal(query_parse_text(pool, operation, &q, &d), 0);
	q.agent = "a";
	q.now = FIXTURE_NOW;
	assert_int_equal(policy_eval(f.m, &q, &a, trace), 0);
	diags_done(&d);
	pool_free(pool);
	fixture_done(&f);
	return trace;
}

static const char *why_of(const json_t *trace, const char *step)
{
	const json_t *one;
	size_t i;

	json_array_foreach (trace, i, one)
		if (strcmp(json_string_value(json_object_get(one, "step")), step) == 0)
			return json_string_value(json_object_get(one, "why"));
	return "not told";
}

static void test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_t *trace = trace_of(rows[i].when, rows[i].operation);

		assert_string_equal(why_of(trace, "rule"), rows[i].why);
		json_decref(trace);
	}
}

static void test_the_rest(void **state)
{
	json_t *trace = trace_of("\"agent\":[\"b\"]", "write /free/x");

	(void)state;
	assert_string_equal(why_of(trace, "capability"), "it covers this, but for an exception of its own");
	assert_string_equal(why_of(trace, "scope"), "the object is outside of the agent's scope");
	json_decref(trace);
	trace = trace_of("\"agent\":[\"b\"]", "rename /srv/x /srv/y");
	assert_string_equal(json_string_value(json_object_get(json_array_get(trace, 0), "id")), "/srv/x");
	assert_string_equal(why_of(trace, "risk"), "R2");
	json_decref(trace);
}

/* A rule that names what nobody registered says so. */
static void test_unregistered(void **state)
{
	json_t *trace = trace_of("\"capability\":[\"t.write\",\"t.wriet\"]", "write /srv/x");

	(void)state;
	assert_string_equal(why_of(trace, "rule"),
			    "it names t.wriet, which nobody registered, and so denies; every condition "
			    "holds: capability t.write");
	json_decref(trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_the_rest),
		cmocka_unit_test(test_unregistered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
