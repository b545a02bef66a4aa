// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_scenario.c - cvf.test/v1: what holds passes, what does not is told where it is expected
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/scenario.h"
#include "policy_fixture.h"

static const char host[] = "[{\"schema\":\"cvf.capability/"
			   "v1\",\"id\":\"t.write\",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"HIGH\"},"
			   "\"match\":{\"file\":[{\"path\":\"/srv/**\",\"ops\":[\"write\"]}]}},"
			   "{\"schema\":\"cvf.agent/v1\",\"id\":\"a\",\"capabilities\":[\"t.*\"]},"
			   "{\"schema\":\"cvf.policy/v1\",\"id\":\"p\",\"rules\":[{\"id\":\"night\","
			   "\"when\":{\"path\":[\"/srv/no/**\"],\"time\":\"Mon 00:00-12:00\"},\"effect\":\"DENY\"}]}]";

#define FILE_OF(more, cases) "{\"schema\":\"cvf.test/v1\",\n\"agent\":\"a\"," more "\"cases\":[\n" cases "]}"

struct run {
	struct fixture f;
	struct scenario_count count;
	json_t *results;
	int result;
};

static void run(struct run *r, const char *text)
{
	memset(r, 0, sizeof(*r));
	fixture_begin(&r->f);
	assert_int_equal(fixture_add(&r->f, host), 0);
	r->results = json_array();
	r->result = scenario_run(r->f.m, text, strlen(text), "s.json", FIXTURE_NOW, &r->f.d, &r->count, r->results);
}

static void done(struct run *r)
{
	json_decref(r->results);
	fixture_done(&r->f);
}

static void passes(const char *text, size_t n)
{
	struct run r;

	run(&r, text);
	if (r.result)
		diags_print(&r.f.d, stderr);
	assert_int_equal(r.result, 0);
	assert_int_equal(r.count.passed, n);
	assert_int_equal(r.count.failed, 0);
	assert_int_equal(json_array_size(r.results), n);
	done(&r);
}

/* One diagnosis, at that line, with those words in it. */
static void fails(const char *text, unsigned int line, const char *words)
{
	struct run r;

	run(&r, text);
	assert_int_equal(r.result, -EINVAL);
	if (r.f.d.n != 1 || r.f.d.v[0].line != line || !strstr(r.f.d.v[0].message, words)) {
		diags_print(&r.f.d, stderr);
		fail_msg("expected in line %u: %s", line, words);
	}
	assert_string_equal(r.f.d.v[0].file, "s.json");
	done(&r);
}

#define WRITE(expect) "{\"operation\":\"write /srv/x\",\n\"expect\":" expect "}"

static void test_every_aspect(void **state)
{
	static const struct {
		const char *good, *bad, *words;
	} rows[] = {
		{"{\"verdict\":\"hold\"}", "{\"verdict\":\"allow\"}", "expected the verdict allow, got hold"},
		{"{\"decision\":\"APPROVAL_REQUIRED\"}", "{\"decision\":\"AUTO_EXECUTE\"}",
		 "expected the decision AUTO_EXECUTE"},
		{"{\"capability\":\"t.write\"}", "{\"capability\":\"t.read\"}",
		 "expected the capability t.read, got t.write"},
		{"{\"risk\":\"R2\"}", "{\"risk\":\"LOW\"}", "expected the risk LOW, got HIGH"},
		{"{\"rule\":null}", "{\"rule\":\"p/night\"}", "expected the rule p/night, got none"},
		{"{\"reason\":\"approval-required\"}", "{\"reason\":\"denied\"}", "expected the reason denied"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[512];

		snprintf(text, sizeof(text), FILE_OF("", WRITE("%s")), rows[i].good);
		passes(text, 1);
		snprintf(text, sizeof(text), FILE_OF("", WRITE("%s")), rows[i].bad);
		fails(text, 4, rows[i].words);
	}
}

static void test_time(void **state)
{
	(void)state;
	passes(FILE_OF("\"time\":\"2026-09-21T10:00:00Z\",",
		       "{\"operation\":[\"write\",\"/srv/no/x\"],\"expect\":{\"verdict\":\"deny\",\"rule\":\"p/"
		       "night\"}},"
		       "{\"operation\":[\"write\",\"/srv/no/"
		       "x\"],\"time\":\"2026-09-21T13:00:00Z\",\"expect\":{\"verdict\":\"hold\"}}"),
	       2);
	fails(FILE_OF("\"time\":\"2026-09-21T13:00:00Z\",",
		      "{\"operation\":[\"write\",\"/srv/no/x\"],\"expect\":{\"verdict\":\"deny\"}}"),
	      3, "expected the verdict deny, got hold");
}

/* The text's own declarations come before the host's, with their places. */
static void test_declarations(void **state)
{
	static const char own[] = "\"declarations\":[{\"schema\":\"cvf.policy/v1\",\"id\":\"p\",\"rules\":[]},"
				  "{\"schema\":\"cvf.agent/v1\",\"id\":\"b\",\"capabilities\":[\"t.*\"]}],";
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text),
		 FILE_OF("%s", "{\"agent\":\"b\",\"operation\":\"write /srv/no/x\",\"time\":\"2026-09-21T10:00:00Z\","
			       "\"expect\":{\"verdict\":\"hold\",\"rule\":null}}"),
		 own);
	passes(text, 1);
	fails(FILE_OF("\"declarations\":\n{\"schema\":\"cvf.agent/v1\",\"id\":\"b\",\n\"profil\":\"x\"},",
		      WRITE("{\"verdict\":\"hold\"}")),
	      4, "profil");
}

static void test_mistakes(void **state)
{
	(void)state;
	fails(FILE_OF("", WRITE("{\"verdict\":\"maybe\"}")), 4, "verdict");
	fails(FILE_OF("", WRITE("{\"verdct\":\"hold\"}")), 4, "verdct");
	fails(FILE_OF("", WRITE("{}")), 4, "at least one member");
	fails(FILE_OF("", "{\"expect\":{\"verdict\":\"hold\"}}"), 3, "operation");
	fails(FILE_OF("", "{\"operation\":\"fly /x\",\"expect\":{\"verdict\":\"hold\"}}"), 3, "fly");
	fails(FILE_OF("", "{\"operation\":[],\"expect\":{\"verdict\":\"hold\"}}"), 3, "operation");
	fails(FILE_OF("", "{\"agent\":\"nobody\",\"operation\":\"read /x\",\"expect\":{\"verdict\":\"hold\"}}"), 3,
	      "nobody");
	fails("{\"schema\":\"cvf.test/v2\",\"agent\":\"a\",\"cases\":[]}", 1, "unknown schema");
	fails("{\"schema\":\"cvf.test/v1\",\"cases\":[{\"operation\":\"read /x\",\"expect\":{\"verdict\":\"hold\"}}]}",
	      1, "names no agent");
	fails("{\"schema\":\"cvf.test/v1\",\"cases\":7}", 1, "array of cases");
}

/* All failures of a text at once; what cannot be run has not passed. */
static void test_all_at_once(void **state)
{
	struct run r;

	(void)state;
	run(&r,
	    FILE_OF("", WRITE("{\"verdict\":\"deny\",\"risk\":\"LOW\"}") "," WRITE(
				"{\"verdict\":\"hold\"}") ","
							  "{\"operation\":\"fly\",\"expect\":{\"verdict\":\"hold\"}}"));
	assert_int_equal(r.result, -EINVAL);
	assert_int_equal(r.count.passed, 1);
	assert_int_equal(r.count.failed, 2);
	assert_int_equal(r.f.d.errors, 3);
	done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_aspect), cmocka_unit_test(test_time),
		cmocka_unit_test(test_declarations), cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_all_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
