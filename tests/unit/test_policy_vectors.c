// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_vectors.c - the cases of tests/policy/ (see the README there), against explain and against the image
 *
 * Run from the top of the tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <dirent.h>

#include <cmocka.h>

#include "json/pool.h"
#include "policy_fixture.h"

#define FOLDER	       "tests/policy"
#define LINE_MAX_BYTES 8192

static const char *const verdicts[] = {"none", "allow", "deny", "hold"};

static void judge(struct fixture *f, const char *file, int number, char *line, unsigned int *seen)
{
	struct pool *pool = pool_new();
	char *words[3], *save;
	struct answer a;
	struct query q;

	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		words[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!words[i])
			fail_msg("%s:%d: not a case", file, number);
	}
	if (query_parse_text(pool, save, &q, &f->d) < 0) {
		diags_print(&f->d, stderr);
		fail_msg("%s:%d: not an operation", file, number);
	}
	q.agent = words[0];
	q.now = FIXTURE_NOW;
	a = fixture_ask(f, &q);
	seen[a.verdict]++;
	if (strcmp(verdicts[a.verdict], words[1]) || strcmp(reason_word(a.reason), words[2]))
		fail_msg("%s:%d: %s %s is %s %s (%s, %s)", file, number, op_name(q.op), q.object ? q.object : "",
			 verdicts[a.verdict], reason_word(a.reason), a.capability, a.rule ? a.rule : "no rule");
	pool_free(pool);
}

/* Declarations first, wherever they stand; then the cases. */
static void each_line(struct fixture *f, const char *path, bool declare, unsigned int *seen)
{
	char line[LINE_MAX_BYTES];
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	for (int number = 1; fgets(line, sizeof(line), in); number++) {
		bool is_declaration = strncmp(line, "declare ", 8) == 0;

		if (line[0] == '#' || line[0] == '\n' || is_declaration != declare)
			continue;
		if (!declare) {
			judge(f, path, number, line, seen);
		} else if (fixture_add(f, line + 8) < 0) {
			diags_print(&f->d, stderr);
			fail_msg("%s:%d: not a declaration", path, number);
		}
	}
	fclose(in);
}

static void run_file(const char *path)
{
	unsigned int seen[4] = {0};
	struct fixture f;

	fixture_begin(&f);
	assert_int_equal(model_load_dir(f.m, "share/capabilities", 1 << DECL_CAPABILITY, true, &f.d), 0);
	assert_int_equal(model_load_dir(f.m, "share/profiles", 1 << DECL_PROFILE, true, &f.d), 0);
	each_line(&f, path, true, seen);
	fixture_build(&f);
	each_line(&f, path, false, seen);
	if (!seen[CVF_VERDICT_ALLOW] || !(seen[CVF_VERDICT_DENY] + seen[CVF_VERDICT_HOLD]))
		fail_msg("%s: needs at least one permission and one refusal", path);
	fixture_done(&f);
}

static int is_case(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".case") == 0;
}

static void test_vectors(void **state)
{
	struct dirent **names;
	int n = scandir(FOLDER, &names, is_case, alphasort);

	(void)state;
	assert_in_range(n, 1, 1000);
	for (int i = 0; i < n; i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", FOLDER, names[i]->d_name);
		run_file(path);
		free(names[i]);
	}
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
