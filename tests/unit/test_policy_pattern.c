// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_pattern.c - patterns of grants: what each covers beside what it does not
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/pattern.h"

static char *words_of(char *line, char **words, size_t *n)
{
	for (*n = 0; line && *n < 16; ++*n)
		words[*n] = strsep(&line, " ");
	return words[0];
}

/* The operation in words of a command line. */
static bool covers(const char *like, const char *pattern, const char *operation)
{
	own_free char *a = strdup(like), *b = strdup(operation);
	own(pattern) struct pattern *p = NULL;
	char *words[2][16];
	struct query q[2];
	struct diags d = {0};
	size_t n;
	int r;

	words_of(a, words[0], &n);
	assert_int_equal(query_parse(words[0], n, &q[0], &d), 0);
	words_of(b, words[1], &n);
	assert_int_equal(query_parse(words[1], n, &q[1], &d), 0);
	r = pattern_make(&q[0], pattern, &p, &d);
	if (r < 0)
		diags_print(&d, stderr);
	diags_done(&d);
	assert_int_equal(r, 0);
	return pattern_covers(p, &q[1]);
}

static const struct row {
	const char *like, *pattern, *yes, *no;
} rows[] = {
	{"delete /srv/b/x", "/srv/b/*", "delete /srv/b/y", "delete /srv/b/c/y"},
	{"delete /srv/b/x", "/srv/b/**", "delete /srv/b/c/y", "delete /srv/bb/y"},
	{"delete /srv/b/x", "/srv/b/*", "delete /srv/b/x", "write /srv/b/x"},
	{"delete /srv/b/x", "/srv/b/*.o", "delete /srv/b/y.o", "delete /srv/b/y.c"},
	{"delete /srv/b/x", "/srv/\\[b\\]/*", "delete /srv/[b]/y", "delete /srv/b/y"},
	{"rename /srv/b/x /srv/b/y", "/srv/b/*", "rename /srv/b/1 /srv/b/2", "rename /srv/b/1 /srv/c/2"},
	{"rename /srv/b/x /srv/b/y", "/srv/b/*", "rename /srv/b/1 /srv/b/2", "rename /srv/c/1 /srv/b/2"},
	{"exec /usr/bin/git push origin", "/usr/bin/git push *", "exec /usr/bin/git push x", "exec /usr/bin/git push x y"},
	{"exec /usr/bin/git push origin", "/usr/bin/git push **", "exec /usr/bin/git push x y", "exec /usr/bin/git pull x"},
	{"exec /usr/bin/git push origin", "/usr/bin/git push *", "exec /usr/bin/git push x", "exec /opt/bin/git push x"},
	{"exec /bin/x", "/bin/x", "exec /bin/x", "exec /bin/x a"},
	{"connect 10.0.0.1:443", "10.0.0.0/8:443", "connect 10.1.2.3:443", "connect 10.1.2.3:444"},
	{"connect 10.0.0.1:443", "10.0.0.0/8", "connect 10.1.2.3:444", "connect 11.0.0.1:443"},
	{"connect 10.0.0.1:443", "10.0.0.0/8", "connect 10.1.2.3:53 tcp", "connect 10.1.2.3:53 udp"},
	{"connect [fd00::1]:443", "[fd00::1]:443", "connect [fd00::1]:443", "connect [fd00::2]:443"},
	{"unix-connect /run/x/s", "/run/x/*", "unix-connect /run/x/t", "unix-connect /run/y/t"},
};

static void test_covers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!covers(rows[i].like, rows[i].pattern, rows[i].yes))
			fail_msg("%s does not cover %s", rows[i].pattern, rows[i].yes);
		if (covers(rows[i].like, rows[i].pattern, rows[i].no))
			fail_msg("%s covers %s", rows[i].pattern, rows[i].no);
	}
}

/* Each refused one beside one that differs in a little and is good. */
static void test_refused(void **state)
{
	static const struct {
		enum cvf_op op;
		const char *bad, *good;
	} pairs[] = {
		{CVF_OP_DELETE, "/**", "/x/**"},	       {CVF_OP_DELETE, "/*/y", "/x/*/y"},
		{CVF_OP_DELETE, "x/y", "/x/y"},		       {CVF_OP_DELETE, "${HOME}/x", "/home/x"},
		{CVF_OP_DELETE, "/{a,b}/x", "/a/{b,c}/x"},     {CVF_OP_DELETE, "/x/[a", "/x/[a]"},
		{CVF_OP_DELETE, "/?/x", "/x/?"},	       {CVF_OP_DELETE, "/", "/x"},
		{CVF_OP_EXEC, "git push", "/usr/bin/git push"}, {CVF_OP_EXEC, "**/git push", "/usr/**/git push"},
		{CVF_OP_CONNECT, "example.com:1", "10.0.0.1:1"}, {CVF_OP_CONNECT, "10.0.0.1:x", "10.0.0.1:1-9"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct query q = {.op = pairs[i].op};
		own(pattern) struct pattern *p = NULL;
		struct diags d = {0};

		assert_int_equal(pattern_make(&q, pairs[i].bad, &p, &d), -EINVAL);
		assert_int_equal(d.errors, 1);
		diags_done(&d);
		if (pattern_make(&q, pairs[i].good, &p, &d) < 0)
			fail_msg("%s is refused: %s", pairs[i].good, d.v[0].message);
		diags_done(&d);
	}
}

static void test_quote(void **state)
{
	static const char *const names[] = {"/srv/a b", "/srv/[x]*", "/srv/{a,b}", "/srv/a\\b", "/srv/${HOME}?", "/srv/!x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct query q = {.op = CVF_OP_READ, .object = names[i]}, other = {.op = CVF_OP_READ, .object = "/srv/a"};
		own_free char *quoted = pattern_quote(names[i]);
		own(pattern) struct pattern *p = NULL;
		struct diags d = {0};

		assert_int_equal(pattern_make(&q, quoted, &p, &d), 0);
		assert_true(pattern_covers(p, &q));
		assert_false(pattern_covers(p, &other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_covers),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
