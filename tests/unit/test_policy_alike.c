// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_alike.c - agents that share a row: who does, who does not, and that each is decided by its own places
 *
 * Run from the top of the tree. Whatever is asked is asked of explain and of the image.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "policy_fixture.h"

#define AGENT	   "{\"schema\":\"cvf.agent/v1\",\"id\":"
#define CAPABILITY "{\"schema\":\"cvf.capability/v1\",\"id\":"

/* A profile whose capabilities speak of the agent's places in several ways. */
#define COMMON                                                                                                          \
	CAPABILITY "\"work\",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"LOW\"},\"match\":{\"file\":[{\"path\":" \
		   "\"${WORKSPACE}\",\"ops\":[\"write\",\"read\"]}]}},"                                                 \
	CAPABILITY "\"keys\",\"operation_type\":\"READ\",\"risk\":{\"level\":\"CRITICAL\"},\"match\":{\"file\":[{\"path\":" \
		   "\"${HOME}/.ssh/**\",\"ops\":[\"read\"]}]}},"                                                        \
	CAPABILITY "\"hooks\",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"HIGH\"},\"match\":{\"file\":[{\"path\":"   \
		   "[\"${WORKSPACE}/hooks/*\",\"/etc/hooks/*\"],\"ops\":[\"write\"]}]}},"                                \
	CAPABILITY "\"tools\",\"operation_type\":\"EXECUTE\",\"risk\":{\"level\":\"LOW\"},\"match\":{\"exec\":[{\"path\":"  \
		   "\"${WORKSPACE}/bin/*\",\"argv\":[\"-x\"]}]}},"                                                      \
	CAPABILITY "\"fixed\",\"operation_type\":\"READ\",\"risk\":{\"level\":\"LOW\"},\"match\":{\"file\":[{\"path\":"     \
		   "\"/home/fixed/.ssh/**\",\"ops\":[\"read\"]}]}},"                                                 \
	"{\"schema\":\"cvf.profile/v1\",\"id\":\"p\",\"capabilities\":[\"work\",\"keys\",\"hooks\",\"tools\"]},"           \
	"{\"schema\":\"cvf.profile/v1\",\"id\":\"q\",\"capabilities\":[\"work\",\"keys\",\"hooks\",\"tools\"]},"           \
	"{\"schema\":\"cvf.policy/v1\",\"id\":\"r\",\"rules\":["                                                        \
	"{\"effect\":\"DENY\",\"when\":{\"path\":[\"${HOME}/mail/**\"]}},"                                              \
	"{\"effect\":\"DENY\",\"when\":{\"agent\":[\"named*\"],\"path\":[\"/n\"]}},"                                    \
	"{\"effect\":\"DENY\",\"when\":{\"owner\":[\"olga\"],\"path\":[\"/o\"]}},"                                      \
	"{\"effect\":\"DENY\",\"when\":{\"capability\":[\"work\"],\"first_use\":true,\"agent\":[\"first*\"]}}]},"        \
	"{\"schema\":\"cvf.policy/v1\",\"id\":\"over\",\"overlay\":true,\"rules\":["                                    \
	"{\"effect\":\"DENY\",\"when\":{\"agent\":[\"laid*\"],\"path\":[\"/l\"]}}]}"

#define NAMED "\"named\",\"risk\":{\"level\":\"LOW\"},\"match\":{\"file\":[{\"path\":\"/named/${AGENT}/**\",\"ops\":[\"write\"]}]}}"
#define USER  "\"user\",\"risk\":{\"level\":\"LOW\"},\"match\":{\"file\":[{\"path\":\"/user/${UID}/**\",\"ops\":[\"write\"]}]}}"

static const char *const asked[] = {
	"/w/1/x",	  "/w/2/x",	 "/w/1/hooks/a", "/w/2/hooks/a",      "/w/1/bin/t",	  "/w/2/bin/t",
	"/w/x",		  "/w/1",	 "/etc/hooks/a", "/home/a/.ssh/id",   "/home/b/.ssh/id",  "/home/b/mail/two/x",
	"/n",		  "/o",		 "/l",		 "/home/a/mail/one/x", "/home/a/mail/two/x", "/w/2/bin/hooks/b",
	"/home/fixed/.ssh/id", "/named/one/x", "/named/two/x", "/user/5/x", "/user/6/x",
	"/team/red/x",	  "/team/blue/x", "/w/1/2/x",	 "/w/1/2/hooks/x",    "/etc/passwd",	  "/etc/cvf/x",
};

/* Explain and the image say the same of every agent and object. */
static void ask_all(struct fixture *f)
{
	static const enum cvf_op ops[] = {CVF_OP_READ, CVF_OP_WRITE, CVF_OP_DELETE, CVF_OP_EXEC, CVF_OP_SIGNAL};
	const char *const args[] = {"-x"};

	for (size_t agent = 0; agent < model_count(f->m, DECL_AGENT); agent++) {
		const char *id = json_string_value(json_object_get(model_at(f->m, DECL_AGENT, agent), "id"));

		for (size_t i = 0; i < ARRAY_SIZE(asked) * ARRAY_SIZE(ops); i++) {
			struct query q = {.agent = id,
					  .op = ops[i % ARRAY_SIZE(ops)],
					  .object = asked[i / ARRAY_SIZE(ops)],
					  .args = args,
					  .args_count = 1,
					  .now = FIXTURE_NOW};

			fixture_ask(f, &q);
		}
	}
}

static void load(struct fixture *f, const char *agents)
{
	char *text = NULL;

	assert_true(asprintf(&text, "[" COMMON "%s]", agents) > 0);
	fixture_load(f, text);
	free(text);
}

static const struct cvf_agent *agent_of(const struct fixture *f, uint32_t number)
{
	size_t n;
	const struct cvf_image_agent *a = image_section(f->image, CVF_SECTION_AGENT, &n);

	for (size_t i = 0; i < n; i++)
		if (a[i].agent == number)
			return &a[i].value;
	fail();
	return NULL;
}

/* Two agents; 1: they share a row and nothing sets them apart; 2: but for own patterns; 0: a row each. */
static const struct {
	const char *what;
	int share;
	const char *one, *two;
} pairs[] = {
	{"nothing", 1, "\"one\",\"profile\":\"p\"", "\"other\",\"profile\":\"p\",\"home\":\"/home/*\""},
	{"mode", 1, "\"one\",\"profile\":\"p\",\"home\":\"/h\"", "\"one2\",\"profile\":\"p\",\"home\":\"/h\",\"mode\":\"observe\""},
	{"who is enrolled", 1, "\"one\",\"match\":{\"uid\":[5]}", "\"two\",\"match\":{\"exe\":[\"/bin/x\"]}"},
	{"owner", 1, "\"one\",\"owner\":\"anna\"", "\"two\",\"owner\":\"bert\""},
	{"bounds", 1, "\"one\"", "\"two\",\"limits\":{\"pending_holds\":3}"},
	{"workspace", 2, "\"one\",\"profile\":\"p\",\"scope\":{\"paths\":[\"/w/1/**\"]}",
	 "\"two\",\"profile\":\"p\",\"scope\":{\"paths\":[\"/w/2/**\"]}"},
	{"home", 2, "\"one\",\"profile\":\"p\",\"home\":\"/home/a\"", "\"two\",\"profile\":\"p\",\"home\":\"/home/b\""},
	{"no workspace", 0, "\"one\",\"profile\":\"p\"", "\"two\",\"profile\":\"p\",\"scope\":{\"paths\":[\"/w/2/**\"]}"},
	{"a home that a capability names, too", 0, "\"one\",\"profile\":\"p\",\"home\":\"/home/fixed\"",
	 "\"two\",\"profile\":\"p\",\"home\":\"/home/b\""},
	{"the same the other way round", 2, "\"one\",\"profile\":\"p\",\"home\":\"/home/b\"",
	 "\"two\",\"profile\":\"p\",\"home\":\"/home/fixed\""},
	{"a name that a capability asks for", 2, "\"one\",\"capabilities\":[\"named\"]", "\"two\",\"capabilities\":[\"named\"]"},
	{"a user that a capability asks for", 2, "\"one\",\"capabilities\":[\"user\"],\"match\":{\"uid\":[5]}",
	 "\"one2\",\"capabilities\":[\"user\"],\"match\":{\"uid\":[6]}"},
	{"profile", 0, "\"one\",\"profile\":\"p\"", "\"two\",\"profile\":\"q\""},
	{"capabilities", 0, "\"one\",\"profile\":\"p\"", "\"two\",\"profile\":\"p\",\"capabilities\":[\"other\"]"},
	{"a rule that names it", 0, "\"one\"", "\"named2\""},
	{"a rule that names its owner", 0, "\"one\"", "\"two\",\"owner\":\"olga\""},
	{"an overlay", 0, "\"one\"", "\"laid\""},
	{"addresses", 0, "\"one\"", "\"two\",\"scope\":{\"net\":[\"10.0.0.0/8\"]}"},
};

static void test_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		const struct cvf_agent *one, *two;
		struct fixture f;
		char *text = NULL;

		assert_true(asprintf(&text,
				     "%s," CAPABILITY "\"other\"},{\"schema\":\"cvf.profile/v1\",\"id\":\"z\"}," AGENT
				     "%s}," AGENT "%s}",
				     strstr(pairs[i].one, "\"named") ? "," CAPABILITY NAMED
				     : strstr(pairs[i].one, "\"user") ? "," CAPABILITY USER
									: "",
				     pairs[i].one, pairs[i].two) > 0);
		load(&f, text);
		one = agent_of(&f, 1);
		two = agent_of(&f, 2);
		if (f.image->rows != (pairs[i].share ? 2 : 3) || (one->row == two->row) != !!pairs[i].share ||
		    one->shared != !!pairs[i].share || two->shared != one->shared ||
		    (pairs[i].share == 2) != (one->own && two->own && one->own != two->own))
			fail_msg("%s: rows %u and %u, own %u and %u", pairs[i].what, one->row, two->row, one->own, two->own);
		ask_all(&f);
		fixture_done(&f);
		free(text);
	}
}

/* What was used before sets apart only those whom a rule asks for it. */
static void test_uses(void **state)
{
	static const char *const ids[][2] = {{"one", "two"}, {"first1", "first2"}};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fixture f;
		char *text = NULL;

		assert_true(asprintf(&text,
				     "[" COMMON "," AGENT "\"%s\",\"profile\":\"p\",\"home\":\"/h\"}," AGENT
				     "\"%s\",\"profile\":\"p\",\"home\":\"/h\"}]",
				     ids[i][0], ids[i][1]) > 0);
		fixture_begin(&f);
		assert_int_equal(fixture_add(&f, text), 0);
		assert_int_equal(model_note_use(f.m, ids[i][0], "work"), 1);
		fixture_build(&f);
		assert_int_equal(f.image->rows, i ? 3 : 2);
		ask_all(&f);
		fixture_done(&f);
		free(text);
	}
}

/* Each by its own places: side by side, one inside the other, the same, several, and what many have but not all. */
static void test_places(void **state)
{
	static const char *const fleets[] = {
		"," AGENT "\"one\",\"profile\":\"p\",\"scope\":{\"paths\":[\"/w/1/**\"]}}," AGENT
		"\"two\",\"profile\":\"p\",\"scope\":{\"paths\":[\"/w/2/**\"]}}",
		"," AGENT "\"one\",\"profile\":\"p\",\"scope\":{\"paths\":[\"/w/**\"]}}," AGENT
		"\"two\",\"profile\":\"p\",\"scope\":{\"paths\":[\"/w/1/**\"]}}," AGENT
		"\"x\",\"profile\":\"p\",\"scope\":{\"paths\":[\"/w/1/2/**\"]}}," AGENT
		"\"y\",\"profile\":\"p\",\"scope\":{\"paths\":[\"/w/1/**\"]}}",
		"," AGENT "\"one\",\"profile\":\"p\",\"scope\":{\"paths\":[\"/w/1/**\",\"/team/red/**\"]}}," AGENT
		"\"two\",\"profile\":\"p\",\"scope\":{\"paths\":[\"/w/2/**\",\"/team/red/**\"]}}," AGENT
		"\"x\",\"profile\":\"p\",\"scope\":{\"paths\":[\"/w/x\",\"/team/red/**\"]}}," AGENT
		"\"y\",\"profile\":\"p\",\"scope\":{\"paths\":[\"/w/1/**\",\"/team/blue/**\"]}}," AGENT
		"\"z\",\"profile\":\"q\",\"scope\":{\"paths\":[\"/w/1/**\",\"/team/blue/**\"]}}",
		"," AGENT "\"one\",\"profile\":\"p\",\"home\":\"/home/a\"}," AGENT
		"\"two\",\"profile\":\"p\",\"home\":\"/home/b\"}," AGENT "\"x\",\"profile\":\"p\",\"home\":\"/home/*\"}," AGENT
		"\"y\",\"profile\":\"p\"}",
	};
	static const struct {
		int fleet;
		const char *agent, *path;
		enum cvf_verdict verdict;
	} told[] = {
		{0, "one", "/w/1/x", CVF_VERDICT_ALLOW},	{0, "one", "/w/2/x", CVF_VERDICT_HOLD},
		{0, "two", "/w/2/x", CVF_VERDICT_ALLOW},	{0, "two", "/w/1/x", CVF_VERDICT_HOLD},
		{1, "one", "/w/1/2/x", CVF_VERDICT_ALLOW},	{1, "two", "/w/1/2/x", CVF_VERDICT_ALLOW},
		{1, "x", "/w/1/x", CVF_VERDICT_HOLD},		{1, "y", "/w/1/2/x", CVF_VERDICT_ALLOW},
		{2, "x", "/team/red/x", CVF_VERDICT_ALLOW},	{2, "y", "/team/red/x", CVF_VERDICT_HOLD},
		{2, "z", "/team/blue/x", CVF_VERDICT_ALLOW},	{2, "two", "/team/blue/x", CVF_VERDICT_HOLD},
		{3, "one", "/home/a/mail/one/x", CVF_VERDICT_DENY}, {3, "one", "/home/b/mail/one/x", CVF_VERDICT_HOLD},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fleets); i++) {
		struct fixture f;

		load(&f, fleets[i]);
		assert_int_equal(f.image->rows, i == 2 ? 3 : 2);
		ask_all(&f);
		for (size_t k = 0; k < ARRAY_SIZE(told); k++) {
			struct query q = {.agent = told[k].agent, .op = CVF_OP_WRITE, .object = told[k].path, .now = FIXTURE_NOW};

			if (told[k].fleet == (int)i && fixture_ask(&f, &q).verdict != told[k].verdict)
				fail_msg("fleet %zu: %s %s", i, told[k].agent, told[k].path);
		}
		fixture_done(&f);
	}
}

/* ---- many ---- */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put_match(FILE *out, int i)
{
	fprintf(out, "\"match\":{\"uid\":[%d],\"cgroup\":[\"/agents.slice/a%d.service\"]},\"owner\":\"o%d\"", 100000 + i, i, i);
}

static void put_workspace(FILE *out, int i)
{
	fprintf(out, "\"scope\":{\"paths\":[\"/work/%d/**\"]}", i);
}

#define AT_ONCE 1000 /* declarations of one text, which has its limit */

static void add_many(struct fixture *f, int from, int to, void (*put_rest)(FILE *out, int i))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (int i = from; i < to; i++) {
		fprintf(out, "%s" AGENT "\"a%05d\",\"profile\":\"coding\",", i > from ? "," : "[", i);
		put_rest(out, i);
		fputc('}', out);
	}
	fputc(']', out);
	fclose(out);
	assert_int_equal(fixture_add(f, text), 0);
	free(text);
}

static void load_many(struct fixture *f, int n, void (*put_rest)(FILE *out, int i))
{
	fixture_begin(f);
	f->names.only_count = true;
	assert_int_equal(model_load_dir(f->m, "share/capabilities", 1 << DECL_CAPABILITY, true, &f->d), 0);
	assert_int_equal(model_load_dir(f->m, "share/profiles", 1 << DECL_PROFILE, true, &f->d), 0);
	for (int i = 0; i < n; i += AT_ONCE)
		add_many(f, i, i + AT_ONCE < n ? i + AT_ONCE : n, put_rest);
}

static enum cvf_verdict judged(const struct fixture *f, uint32_t agent, enum cvf_op op, const char *path)
{
	const struct cvf_cell *cells = image_section(f->image, CVF_SECTION_CELL, NULL);
	struct query q = {.op = op, .object = path};

	return (enum cvf_verdict)cells[image_judge(f->image, agent, &q)].action;
}

/* As many as there are numbers for, under the shipped declarations, each with its own user, program and cgroup. */
static void test_fleet(void **state)
{
	double start;
	struct fixture f;

	(void)state;
	load_many(&f, CVF_AGENT_CANARY - 1, put_match);
	start = seconds();
	fixture_build(&f);
	/* Two seconds without sanitizers; this only catches a blow-up. */
	assert_true(seconds() - start < 120);
	assert_int_equal(f.image->rows, 2);
	assert_in_range(f.image->section[CVF_SECTION_CELL].count, 1, 1000);
	for (uint32_t agent = 1; agent < CVF_AGENT_CANARY; agent += 777) {
		assert_int_equal(agent_of(&f, agent)->row, 1);
		assert_true(agent_of(&f, agent)->shared);
		assert_int_equal(judged(&f, agent, CVF_OP_READ, "/usr/include/stdio.h"), CVF_VERDICT_ALLOW);
		assert_int_equal(judged(&f, agent, CVF_OP_WRITE, "/etc/passwd"), CVF_VERDICT_HOLD);
	}
	assert_int_equal(judged(&f, CVF_AGENT_CANARY, CVF_OP_READ, "/usr/include/stdio.h"), CVF_VERDICT_DENY);
	fixture_done(&f);
}

#define WORKSPACES 600 /* cvf-policy(5) says so */

static void test_workspaces(void **state)
{
	struct fixture f;

	(void)state;
	load_many(&f, WORKSPACES, put_workspace);
	fixture_build(&f);
	assert_int_equal(f.image->rows, 2);
	for (uint32_t i = 0; i < WORKSPACES; i += 7) {
		char own[64], other[64];

		snprintf(own, sizeof(own), "/work/%u/src/main.c", i);
		snprintf(other, sizeof(other), "/work/%u/src/main.c", (i + 1) % WORKSPACES);
		assert_int_equal(judged(&f, i + 1, CVF_OP_WRITE, own), CVF_VERDICT_ALLOW);
		assert_int_not_equal(judged(&f, i + 1, CVF_OP_WRITE, other), CVF_VERDICT_ALLOW);
	}
	fixture_done(&f);
}

/* Whoever costs most is named. */
static void test_too_many_workspaces(void **state)
{
	struct fixture f;

	(void)state;
	load_many(&f, 1000, put_workspace);
	assert_int_equal(fixture_compile(&f), -E2BIG);
	assert_non_null(strstr(f.d.v[0].message, "the automaton of paths needs"));
	assert_non_null(strstr(f.d.v[0].hint, "agent \"a"));
	assert_null(f.image);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs), cmocka_unit_test(test_uses),	 cmocka_unit_test(test_places),
		cmocka_unit_test(test_fleet), cmocka_unit_test(test_workspaces), cmocka_unit_test(test_too_many_workspaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
