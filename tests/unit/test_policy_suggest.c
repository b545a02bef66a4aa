// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_suggest.c - what was done is covered by what is suggested, what was not is held, and some things are
 * never suggested
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/pool.h"
#include "policy/path_tree.h"
#include "policy/suggest.h"
#include "policy_fixture.h"

#define CAPABILITY(id, type, level, match)                                                                             \
	"{\"schema\":\"cvf.capability/v1\",\"id\":\"" id "\",\"operation_type\":\"" type                               \
	"\",\"risk\":{\"level\":\"" level "\"},\"match\":{" match "}},"
#define FILES(paths, ops) "\"file\":[{\"path\":[" paths "],\"ops\":[" ops "]}]"

/* clang-format off */
static const char host[] =
	"["
	CAPABILITY("t.read", "READ", "LOW", FILES("\"/**\"", "\"read\""))
	CAPABILITY("t.write", "WRITE", "MEDIUM", FILES("\"/**\"", "\"write\",\"create\",\"rename\""))
	CAPABILITY("t.delete", "DELETE", "HIGH", FILES("\"/**\"", "\"delete\""))
	CAPABILITY("t.secrets", "READ", "HIGH", FILES("\"/**/.ssh/**\"", "\"read\""))
	CAPABILITY("t.wipe", "EXECUTE", "CRITICAL", "\"exec\":[{\"path\":\"**/mkfs\"}]")
	CAPABILITY("t.run", "EXECUTE", "LOW", "\"exec\":[{\"path\":\"/usr/bin/*\"}]")
	CAPABILITY("t.push", "EXECUTE", "HIGH", "\"exec\":[{\"path\":\"**/git\",\"argv\":[\"push\",\"**\"]}]")
	CAPABILITY("own.attr", "WRITE", "MEDIUM", FILES("\"/**\"", "\"attr\""))
	CAPABILITY("own.truncate", "WRITE", "MEDIUM", FILES("\"/**\"", "\"truncate\""))
	CAPABILITY("t.base", "NETWORK", "HIGH", "\"net\":[{\"ops\":[\"connect\"],\"ports\":\"5432\"}]")
	CAPABILITY("t.net", "NETWORK", "MEDIUM", "\"net\":[{\"ops\":[\"connect\"]}]")
	"{\"schema\":\"cvf.profile/v1\",\"id\":\"small\",\"capabilities\":[\"t.read\",\"own.*\"],\"scope\":{\"paths\":[\"/tmp/**\"]}},"
	"{\"schema\":\"cvf.agent/v1\",\"id\":\"a\",\"owner\":\"team\",\"profile\":\"small\",\"mode\":\"learn\",\"capabilities\":[\"*\"],"
	"\"scope\":{\"paths\":[\"/home/dev/kept/**\",\"/unused/**\"]}},"
	"{\"schema\":\"cvf.policy/v1\",\"id\":\"p\",\"rules\":[{\"id\":\"no\",\"when\":{\"path\":[\"/denied/**\"]},\"effect\":\"DENY\"}]}]";
static const char workspace[] =
	"["
	CAPABILITY("w.delete", "DELETE", "HIGH", FILES("\"${WORKSPACE}\"", "\"delete\""))
	CAPABILITY("w.run", "EXECUTE", "MEDIUM", "\"exec\":[{\"path\":\"${WORKSPACE}\"}]")
	"{\"schema\":\"cvf.policy/v1\",\"id\":\"other\",\"rules\":[]}]";
static const char earlier[] =
	"{\"schema\":\"cvf.policy/v1\",\"id\":\"learned-a\",\"rules\":[{\"id\":\"old\",\"when\":{\"path\":[\"/home/**\"]},\"effect\":\"DENY\"}]}";
/* clang-format on */

static const char *more; /* declarations of a test on top of those of the host */

struct learning {
	struct fixture f;
	struct suggestion *s;
	json_t *result;
};

static struct query query_of(const char *text, struct pool *pool)
{
	struct diags d = {0};
	struct query q;

	assert_int_equal(query_parse_text(pool, text, &q, &d), 0);
	diags_done(&d);
	q.agent = "a";
	q.now = FIXTURE_NOW;
	return q;
}

static void learn(struct learning *l, const char *const *operations, size_t n)
{
	struct pool *pool = pool_new();

	fixture_begin(&l->f);
	assert_int_equal(fixture_add(&l->f, host), 0);
	if (more)
		assert_int_equal(fixture_add(&l->f, more), 0);
	assert_int_equal(suggestion_new(l->f.m, "a", FIXTURE_NOW, &l->s), 0);
	for (size_t i = 0; i < 2 * n; i++) {
		struct query q = query_of(operations[i % n], pool);

		if (i == n)
			assert_int_equal(suggestion_settle(l->s), 0);
		assert_int_equal(suggestion_add(l->s, &q), 0);
	}
	if (!n)
		assert_int_equal(suggestion_settle(l->s), 0);
	l->result = suggestion_result(l->s);
	assert_non_null(l->result);
	pool_free(pool);
}

static void learn_done(struct learning *l)
{
	suggestion_free(l->s);
	json_decref(l->result);
	fixture_done(&l->f);
}

/* The host with the suggestion in place of the agent, without a finding that is an error. */
static void put_in_force(const struct learning *l, struct fixture *after)
{
	static const char *const parts[] = {"agent", "policy"};

	fixture_begin(after);
	assert_int_equal(fixture_add(after, host), 0);
	if (more)
		assert_int_equal(fixture_add(after, more), 0);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const json_t *part = json_object_get(l->result, parts[i]);
		char *text = json_is_null(part) ? NULL : json_dumps(part, 0);

		if (text)
			assert_int_equal(model_load_candidate(after->m, text, strlen(text), parts[i], 0xf, &after->d),
					 0);
		free(text);
	}
	if (model_check(after->m, &after->d) || model_lint(after->m, FIXTURE_NOW, &after->d)) {
		diags_print(&after->d, stderr);
		fail_msg("the suggestion is not valid");
	}
	assert_int_equal(after->d.n, 0);
}

static void expect(struct fixture *f, const char *operation, enum cvf_verdict verdict)
{
	struct pool *pool = pool_new();
	struct query q = query_of(operation, pool);
	struct answer a;

	assert_int_equal(policy_eval(f->m, &q, &a, NULL), 0);
	if (a.verdict != verdict)
		fail_msg("%s: %u, expected %u (%s, %s, %s)", operation, a.verdict, verdict, a.capability,
			 reason_word(a.reason), a.rule ? a.rule : "no rule");
	pool_free(pool);
}

static bool reports(const struct learning *l, const char *words)
{
	const json_t *line;
	size_t i;

	json_array_foreach (json_object_get(l->result, "report"), i, line)
		if (strstr(json_string_value(line), words))
			return true;
	return false;
}

static const char *const work[] = {
	"write /home/dev/work/src/a.c",
	"write /home/dev/work/src/b.c",
	"create /home/dev/work/src/c.c",
	"write /home/dev/work/src/main.c",
	"delete /home/dev/work/src/old.c",
	"delete /home/dev/work/src/older.c",
	"write /home/dev/kept/x",
	"write /home/dev/one/file",
	"exec /usr/bin/make all",
	"connect 10.0.0.5:443",
	"write /tmp/scratch",
	"read /etc/passwd",
};

static void test_work_goes_on(void **state)
{
	struct learning l;
	struct fixture after;

	(void)state;
	learn(&l, work, ARRAY_SIZE(work));
	put_in_force(&l, &after);
	for (size_t i = 0; i < ARRAY_SIZE(work); i++)
		expect(&after, work[i], CVF_VERDICT_ALLOW);
	expect(&after, "write /home/dev/work/src/new.c", CVF_VERDICT_ALLOW);
	fixture_done(&after);
	learn_done(&l);
}

static void test_the_rest_is_held(void **state)
{
	static const char *const held[] = {
		"write /home/dev/other/x", "delete /home/dev/other/x", "attr /home/dev/work/src/a.c",
		"truncate /home/dev/work/src/a.c",
		"delete /home/dev",	   "delete /home/dev/work",
	};
	struct learning l;
	struct fixture after;

	(void)state;
	learn(&l, work, ARRAY_SIZE(work));
	put_in_force(&l, &after);
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		expect(&after, held[i], CVF_VERDICT_HOLD);
	fixture_done(&after);
	learn_done(&l);
}

static void test_never(void **state)
{
	static const char *const all[] = {
		"write /home/dev/work/a",
		"exec /sbin/mkfs /dev/sda",
		"read /home/dev/.ssh/id",
		"write /denied/x",
		"exec /usr/bin/git push origin",
		"delete /etc/passwd",
		"write /etc/cvf/x",
		"rename /home/dev/work/a /home/dev/work/b",
		"connect 10.0.0.7:5432",
		"connect [fd00::7]:5432",
	};
	const json_t *agent;
	struct learning l;
	struct fixture after;

	(void)state;
	learn(&l, all, ARRAY_SIZE(all));
	put_in_force(&l, &after);
	expect(&after, "exec /sbin/mkfs /dev/sda", CVF_VERDICT_DENY);
	expect(&after, "read /home/dev/.ssh/id", CVF_VERDICT_DENY);
	expect(&after, "write /denied/x", CVF_VERDICT_DENY);
	expect(&after, "exec /usr/bin/git push origin", CVF_VERDICT_HOLD);
	expect(&after, "delete /etc/passwd", CVF_VERDICT_HOLD);
	expect(&after, "write /etc/cvf/x", CVF_VERDICT_DENY);
	expect(&after, "write /home/dev/work/b", CVF_VERDICT_ALLOW);
	assert_true(reports(&l, "CRITICAL is never suggested: t.wipe"));
	assert_true(reports(&l, "secrets are never suggested: t.secrets"));
	assert_true(reports(&l, "asked for each time: t.push"));
	assert_true(reports(&l, "connect 10.0.0.7:5432"));
	assert_true(reports(&l, "connect [fd00::7]:5432"));
	expect(&after, "connect 10.0.0.7:5432", CVF_VERDICT_HOLD);
	assert_true(reports(&l, "a policy denies it"));
	assert_true(reports(&l, "the enforcement itself"));
	agent = json_object_get(l.result, "agent");
	assert_string_equal(json_string_value(json_object_get(agent, "mode")), "enforce");
	assert_string_equal(json_string_value(json_object_get(agent, "owner")), "team");
	fixture_done(&after);
	learn_done(&l);
}

/* What is LOW leaves no record: counters say that it was used. */
static void test_used(void **state)
{
	struct learning l;
	struct fixture after;

	(void)state;
	learn(&l, NULL, 0);
	put_in_force(&l, &after);
	expect(&after, "read /x", CVF_VERDICT_HOLD);
	expect(&after, "exec /usr/bin/make", CVF_VERDICT_DENY);
	fixture_done(&after);
	suggestion_used(l.s, "t.read");
	suggestion_used(l.s, "t.run");
	json_decref(l.result);
	l.result = suggestion_result(l.s);
	put_in_force(&l, &after);
	expect(&after, "read /x", CVF_VERDICT_ALLOW);
	expect(&after, "exec /usr/bin/make", CVF_VERDICT_ALLOW);
	assert_true(reports(&l, "nothing was changed there: /unused/**"));
	fixture_done(&after);
	learn_done(&l);
}

/* What is in its scope is another capability than the same elsewhere; folders of the system are refused, not asked for. */
static void test_workspace(void **state)
{
	static const char *const all[] = {
		"exec /home/dev/kept/tool", "delete /home/dev/kept/x", "create /srv/new/a",
		"create /srv/new/b",	    "delete /srv/new/a",       "delete /srv/new/b",
		"attr /srv/new/a",	    "create /usr/lib/x.pyc",
	};
	struct learning l;
	struct fixture after;

	(void)state;
	more = workspace;
	learn(&l, all, ARRAY_SIZE(all));
	put_in_force(&l, &after);
	for (size_t i = 0; i < 7; i++)
		expect(&after, all[i], CVF_VERDICT_ALLOW);
	expect(&after, "create /srv/new/c", CVF_VERDICT_ALLOW);
	expect(&after, "delete /srv/new/c", CVF_VERDICT_ALLOW);
	expect(&after, "truncate /srv/new/c", CVF_VERDICT_ALLOW); /* of the family of what was seen there */
	expect(&after, "truncate /srv/other/c", CVF_VERDICT_HOLD);
	expect(&after, "delete /home/dev/kept/y", CVF_VERDICT_HOLD);
	expect(&after, "create /srv/other/c", CVF_VERDICT_HOLD);
	expect(&after, "create /usr/lib/x.pyc", CVF_VERDICT_DENY);
	assert_true(reports(&l, "a folder of the system: /usr/lib/x.pyc"));
	assert_false(reports(&l, "asked for each time"));
	fixture_done(&after);
	learn_done(&l);
	more = NULL;
}

/* The policy of an earlier suggestion hides nothing, and the new one takes its place. */
static void test_again(void **state)
{
	struct learning l;
	struct fixture after;

	(void)state;
	more = earlier;
	learn(&l, work, ARRAY_SIZE(work));
	put_in_force(&l, &after);
	for (size_t i = 0; i < ARRAY_SIZE(work); i++)
		expect(&after, work[i], CVF_VERDICT_ALLOW);
	assert_false(reports(&l, "a policy denies it"));
	fixture_done(&after);
	learn_done(&l);
	more = NULL;
}

static void test_names(void **state)
{
	static const char *const rows[][2] = {
		{"main.c", "main.c"},		{"README", "README"},		{"file1.txt", "file1.txt"},
		{"JavaScript", "JavaScript"},	{"tmpX3f9Qa", "tmp*"},		{"tmp.X3f9Qa.log", "tmp.*.log"},
		{"app-1.2.3.tar", "app-*.tar"}, {"log.20260921", "log.*"},	{"core.1234", "core.*"},
		{"0a1b2c3d4e5f", "*"},		{"a[1]{x}", "a\\[1\\]\\{x\\}"}, {"libfoo.so.6", "libfoo.so.*"},
		{"sha256sum", "sha256sum"},	{".bashrc", ".bashrc"},		{"tmp_objdir-gPYXxy", "tmp_objdir-*"},
		{"get-gPYXxy", "get-gPYXxy"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *glob = name_glob(rows[i][0]);

		assert_string_equal(glob, rows[i][1]);
		free(glob);
	}
}

static void globs_when(const char *const *paths, size_t n, bool made, const char *expected)
{
	struct path_tree *t = path_tree_new();
	json_t *globs;
	char *text;

	for (size_t i = 0; i < n; i++)
		assert_int_equal(path_tree_add(t, paths[i], made), 0);
	globs = path_tree_globs(t);
	text = json_dumps(globs, JSON_COMPACT);
	assert_string_equal(text, expected);
	free(text);
	json_decref(globs);
	path_tree_free(t);
}

static void globs_of(const char *const *paths, size_t n, const char *expected)
{
	globs_when(paths, n, false, expected);
}

static void test_places(void **state)
{
	static const char *const folder[] = {"/srv/w/a", "/srv/w/b", "/srv/w/c", "/srv/w/d", "/srv/w"};
	static const char *const few[] = {"/srv/w/a", "/srv/w/b"};
	static const char *const homes[] = {"/home/a/x", "/home/b/x", "/home/c/x", "/home/d/x", "/home/d"};
	static const char *const home[] = {"/home/a/1x", "/home/a/2x", "/home/a/3x", "/home/a/4x"};
	static const char *const top[] = {"/a/x", "/b/x", "/c/x", "/d/x", "//anon/x", "relative"};
	static const char *const system[] = {"/etc/a", "/etc/b", "/etc/c", "/etc/d"};

	(void)state;
	globs_of(folder, 5, "[\"/srv/w{,/**}\"]");
	globs_of(folder, 4, "[\"/srv/w/**\"]");
	globs_of(few, 2, "[\"/srv/w/a\",\"/srv/w/b\"]");
	globs_when(few, 2, true, "[\"/srv/w/**\"]");
	globs_when(few, 1, true, "[\"/srv/w/a\"]");
	globs_when(home, 2, true, "[\"/home/a/1x\",\"/home/a/2x\"]");
	globs_of(homes, 5, "[\"/home/a/x\",\"/home/b/x\",\"/home/c/x\",\"/home/d\",\"/home/d/x\"]");
	globs_of(home, 4, "[\"/home/a/1x\",\"/home/a/2x\",\"/home/a/3x\",\"/home/a/4x\"]");
	globs_of(top, 6, "[\"/a/x\",\"/b/x\",\"/c/x\",\"/d/x\"]");
	globs_of(system, 4, "[\"/etc/a\",\"/etc/b\",\"/etc/c\",\"/etc/d\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_work_goes_on), cmocka_unit_test(test_the_rest_is_held),
		cmocka_unit_test(test_never),	     cmocka_unit_test(test_used),
		cmocka_unit_test(test_workspace),    cmocka_unit_test(test_again),
		cmocka_unit_test(test_names),	     cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
