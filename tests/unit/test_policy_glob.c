// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_glob.c - what patterns match, against a matcher that is too simple to be wrong, and against the automaton
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/compile.h"
#include "policy/dfa.h"
#include "policy/glob.h"

/* ---- the simple matcher: backtracking over the pattern's own text ---- */

static const char *set_end(const char *p)
{
	p++;
	if (*p == '!' || *p == '^')
		p++;
	if (*p == ']')
		p++;
	while (*p && *p != ']')
		p += *p == '\\' && p[1] ? 2 : 1;
	return p;
}

static bool in_set(const char *p, unsigned char c)
{
	const char *end = set_end(p);
	bool negated = p[1] == '!' || p[1] == '^', found = false;

	for (p += 1 + negated; p < end; p++) {
		unsigned char low, high;

		p += *p == '\\';
		low = high = (unsigned char)*p;
		if (p[1] == '-' && p + 2 < end) {
			p += 2;
			p += *p == '\\';
			high = (unsigned char)*p;
		}
		found |= c >= low && c <= high;
	}
	return found != negated;
}

static bool plain(const char *p, const char *s, bool path);

/* Alternatives are written out before anything else is looked at. */
static bool simple(const char *p, const char *s, bool path)
{
	const char *open = p, *close, *from;
	char text[512];
	int depth = 0;

	for (; *open && *open != '{'; open++)
		open = *open == '\\' ? open + 1 : *open == '[' ? set_end(open) : open;
	if (!*open)
		return plain(p, s, path);
	for (close = open; *close; close++) {
		if (*close == '\\')
			close++;
		else if (*close == '[')
			close = set_end(close);
		else if (*close == '{')
			depth++;
		else if (*close == '}' && !--depth)
			break;
	}
	from = open + 1;
	for (const char *at = from; at <= close; at++) {
		for (depth = 0; at < close && (depth || *at != ','); at++) {
			if (*at == '\\')
				at++;
			else if (*at == '[')
				at = set_end(at);
			else
				depth += (*at == '{') - (*at == '}');
		}
		snprintf(text, sizeof(text), "%.*s%.*s%s", (int)(open - p), p, (int)(at - from), from, close + 1);
		if (simple(text, s, path))
			return true;
		from = at + 1;
	}
	return false;
}

static bool wild(unsigned char c, bool path)
{
	return c && !(path && c == '/');
}

static bool star(const char *p, const char *s, bool path)
{
	size_t stars = strspn(p, "*");
	bool slashes = !path || stars > 1;

	for (;; s++) {
		if (plain(p + stars, s, path))
			return true;
		if (!*s || (!slashes && *s == '/'))
			return false;
	}
}

static bool plain(const char *p, const char *s, bool path)
{
	if (!*p)
		return !*s;
	/* "/" before a whole component of stars may be all there is of it. */
	if (path && strncmp(p, "/**/", 4) == 0 && plain(p + 3, s, path))
		return true;
	if (*p == '*')
		return star(p, s, path);
	if (*p == '[')
		return wild((unsigned char)*s, path) && in_set(p, (unsigned char)*s) &&
		       plain(set_end(p) + 1, s + 1, path);
	if (*p == '?')
		return wild((unsigned char)*s, path) && plain(p + 1, s + 1, path);
	p += *p == '\\';
	return *p == *s && plain(p + 1, s + 1, path);
}

/* ---- the product's ---- */

static bool matches(const char *pattern, const char *text, enum glob_flavour flavour)
{
	uint64_t matched = 0;
	struct nfa n;

	assert_int_equal(nfa_init(&n), 0);
	n.patterns = 1;
	assert_int_equal(glob_add(&n, pattern, flavour, 0), 0);
	assert_int_equal(nfa_run(&n, text, strlen(text), &matched), 0);
	nfa_done(&n);
	return matched;
}

static void test_table(void **state)
{
	static const struct {
		const char *pattern, *yes, *no;
	} rows[] = {
		{"/a/*", "/a/b", "/a/b/c"},
		{"/a/*", "/a/", "/a"},
		{"/a/**", "/a/b/c", "/a"},
		{"/a{,/**}", "/a", "/ab"},
		{"/a{,/**}", "/a/b/c", "/b"},
		{"/a/**/b", "/a/b", "/ab"},
		{"/a/**/b", "/a/x/y/b", "/a/x/yb"},
		{"**/git", "/usr/bin/git", "/usr/bin/legit"},
		{"**/git", "/git", "git"},
		{"/a/?", "/a/b", "/a//"},
		{"/a/[a-c]", "/a/b", "/a/d"},
		{"/a/[!a-c]", "/a/d", "/a/b"},
		{"/a/[^a-c]x", "/a/dx", "/a//x"},
		{"/a[!x]b", "/ayb", "/a/b"},
		{"/[]x]", "/]", "/y"},
		{"/[a\\]b]", "/]", "/\\"},
		{"/{a,b{c,d}}", "/bd", "/b"},
		{"/{a,}x", "/x", "/ax/"},
		{"/\\*", "/*", "/x"},
		{"/\\{a,b\\}", "/{a,b}", "/a"},
		{"/a[{]b", "/a{b", "/ab"},
		{"/x*y*z", "/xyz", "/xy/z"},
		{"/x**z", "/x/y/z", "/xzy"},
		{"//anon/**", "//anon/memfd:x", "/anon/x"},
		{"/\xc3\xa9*", "/\xc3\xa9t\xc3\xa9", "/\xc3"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!matches(rows[i].pattern, rows[i].yes, GLOB_PATH) ||
		    matches(rows[i].pattern, rows[i].no, GLOB_PATH))
			fail_msg("%s: %s, but not %s", rows[i].pattern, rows[i].yes, rows[i].no);
		assert_true(simple(rows[i].pattern, rows[i].yes, true));
		assert_false(simple(rows[i].pattern, rows[i].no, true));
	}
	assert_true(matches("--file=*", "--file=/a/b", GLOB_NAME));
	assert_true(matches("io.fs.*", "io.fs.temp.write", GLOB_NAME));
	assert_false(matches("io.fs.*", "io.net.web", GLOB_NAME));
}

static void test_wrong(void **state)
{
	static const char *const bad[] = {"/a[b", "/a{b", "/a}b", "/a\\", "relative", "", "/{{{a}", "${OTHER}/x"};
	static const char *const good[] = {"/", "/a,b", "/{a}", "**", "*", "/[a]", "${WORKSPACE}", "${HOME}/x", "/\\}"};
	const char *wrong = NULL;
	char many[256] = "/";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(glob_check(bad[i], GLOB_PATH, &wrong), 0);
		assert_non_null(wrong);
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!glob_check(good[i], GLOB_PATH, &wrong))
			fail_msg("%s: %s", good[i], wrong);
	for (int i = 0; i < 10; i++)
		strcat(many, "{a,b}");
	assert_int_equal(glob_check(many, GLOB_PATH, &wrong), 1024);
	strcat(many, "{a,b}");
	assert_int_equal(glob_check(many, GLOB_PATH, &wrong), 0);
}

static void test_literal(void **state)
{
	(void)state;
	assert_int_equal(glob_literal("/**", GLOB_PATH), 1);
	assert_int_equal(glob_literal("/usr/bin/**", GLOB_PATH), 9);
	assert_int_equal(glob_literal("/a/**/b", GLOB_PATH), 4);
	assert_int_equal(glob_literal("/{abc,d}[x]?\\*", GLOB_PATH), 3);
}

/* Arguments: which lists of words the pattern covers. */
static bool exec_matches(const char *path, const struct texts *argv, const char *text, size_t size)
{
	uint64_t matched = 0;
	uint32_t root;
	struct nfa n;

	assert_int_equal(nfa_init(&n), 0);
	n.patterns = 1;
	root = nfa_root(&n);
	assert_int_equal(glob_add_program(&n, path, root), 0);
	assert_int_equal(glob_add_arguments(&n, root, argv, 0), 0);
	assert_int_equal(nfa_run(&n, text, size, &matched), 0);
	nfa_done(&n);
	return matched;
}

#define RUN(path, argv, text) exec_matches(path, argv, text, sizeof(text) - 1)

static void test_arguments(void **state)
{
	const char *push[] = {"push", "**"}, *none[1], *middle[] = {"**", "--force", "**"}, *one[] = {"*"};
	const char *either[] = {"{a,b}", "x?", "**"};
	const struct texts t_push = {push, 2}, t_none = {none, 0}, t_middle = {middle, 3}, t_one = {one, 1};
	const struct texts t_either = {either, 3};

	(void)state;
	assert_true(RUN("**/git", &t_push, "/usr/bin/git\0push\0"));
	assert_true(RUN("**/git", &t_push, "/usr/bin/git\0push\0origin\0main\0"));
	assert_false(RUN("**/git", &t_push, "/usr/bin/git\0"));
	assert_false(RUN("**/git", &t_push, "/usr/bin/git\0pushx\0"));
	assert_false(RUN("**/git", &t_push, "/usr/bin/git\0log\0push\0"));
	assert_false(RUN("**/git", &t_push, "/usr/bin/gi\0push\0"));
	assert_true(RUN("**/git", NULL, "/usr/bin/git\0anything\0"));
	assert_true(RUN("**/git", NULL, "/usr/bin/git\0"));
	assert_true(RUN("/x", &t_none, "/x\0"));
	assert_false(RUN("/x", &t_none, "/x\0a\0"));
	assert_true(RUN("/x", &t_middle, "/x\0--force\0"));
	assert_true(RUN("/x", &t_middle, "/x\0a\0b\0--force\0c\0"));
	assert_false(RUN("/x", &t_middle, "/x\0a--force\0"));
	assert_true(RUN("/x", &t_one, "/x\0a/b\0"));
	assert_true(RUN("/x", &t_one, "/x\0\0"));
	assert_false(RUN("/x", &t_one, "/x\0a\0b\0"));
	assert_true(RUN("/{x,y}", &t_either, "/y\0b\0xz\0q\0"));
	assert_false(RUN("/{x,y}", &t_either, "/y\0c\0xz\0"));
	/* A path pattern does not reach into the arguments. */
	assert_false(RUN("/x**", &t_none, "/x\0/y\0"));
}

/* ---- random patterns: trie, automaton and smallest automaton agree with the simple matcher ---- */

static unsigned int seed = 1;

static unsigned int pick(unsigned int n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

static void random_pattern(char *text, size_t size, int depth)
{
	static const char *const parts[] = {"a", "b",	 "c",	 "/",	 "/",	"*",  "**",
					    "?", "[ab]", "[!a]", "/**/", "\\*", "ab", "/a"};
	size_t n = 1 + pick(6);

	text[0] = '\0';
	for (size_t i = 0; i < n && strlen(text) + 80 < size; i++) {
		if (depth && pick(8) == 0) {
			char one[32], two[32];

			random_pattern(one, sizeof(one), 0);
			random_pattern(two, sizeof(two), depth - 1);
			sprintf(text + strlen(text), "{%.24s,%.24s}", one, two);
		} else {
			strcat(text, parts[pick(ARRAY_SIZE(parts))]);
		}
	}
}

static void random_text(char *text)
{
	size_t n = pick(9);

	for (size_t i = 0; i < n; i++)
		text[i] = "aabbc//*"[pick(8)];
	text[n] = '\0';
}

#define PATTERNS 6

static uint32_t run_dfa(const struct dfa *d, const struct classes *c, const char *text)
{
	uint32_t s = d->start;

	for (; *text; text++)
		s = d->next[(size_t)s * d->classes + c->of[(unsigned char)*text]];
	return d->out[s];
}

static void check_text(const struct dfa *d, const struct classes *c, const struct lists *sets, char patterns[][128],
		       const char *text, uint64_t matched)
{
	size_t n;
	const uint32_t *list = lists_get(sets, run_dfa(d, c, text), &n);
	uint64_t from_dfa = 0;

	for (size_t i = 0; i < n; i++)
		from_dfa |= 1ull << list[i];
	for (int i = 0; i < PATTERNS; i++)
		if ((matched >> i & 1) != simple(patterns[i], text, true))
			fail_msg("pattern %s, text %s", patterns[i], text);
	assert_int_equal(matched, from_dfa);
}

static unsigned int stayed;

/* Who stops at such a state misses nothing. */
static void check_stays(const struct automaton *a, uint32_t state)
{
	if (!cvf_dfa_stays(a->words, a->short_from, state))
		return;
	stayed += state != 0;
	for (int byte = 0; byte < 256; byte++)
		assert_int_equal(cvf_dfa_next(a->words, a->short_from, state, a->class_of[byte]), state);
}

/* Full or short, each state of the table goes where the automaton goes. */
static void check_table(const struct dfa *d, const struct classes *c, size_t full_max)
{
	struct automaton a = {0};

	assert_int_equal(table_make(d, d, c, full_max, &a), 0);
	if (!full_max)
		assert_int_equal(a.short_from < a.count, d->states > 1);
	for (int i = 0; i < 200; i++) {
		uint32_t file = a.start_file, exec = a.start_exec;
		char text[16];

		text[0] = '/';
		random_text(text + 1);
		for (const char *at = text; *at; at++) {
			uint32_t class = a.class_of[(unsigned char)*at];

			file = cvf_dfa_next(a.words, a.short_from, file, class);
			exec = cvf_dfa_next(a.words, a.short_from, exec, class);
			assert_true(file < a.exec_from || (file >= a.short_from && file < a.exec_short_from));
			assert_true(!exec || (exec >= a.exec_from && exec < a.short_from) || exec >= a.exec_short_from);
			check_stays(&a, file);
		}
		assert_int_equal(cvf_dfa_set(a.words, a.short_from, a.stride, file), run_dfa(d, c, text));
		assert_int_equal(cvf_dfa_set(a.words, a.short_from, a.stride, exec), run_dfa(d, c, text));
	}
	free(a.words);
}

static void one_round(void)
{
	static const char *wrong;
	char patterns[PATTERNS][128], text[16];
	struct dfa d = {0};
	struct classes c;
	struct lists sets;
	struct nfa n, none;

	assert_int_equal(nfa_init(&n), 0);
	assert_int_equal(nfa_init(&none), 0);
	n.patterns = PATTERNS;
	for (uint32_t i = 0; i < PATTERNS; i++) {
		do {
			strcpy(patterns[i], "/");
			random_pattern(patterns[i] + 1, sizeof(patterns[i]) - 1, 1);
		} while (!glob_check(patterns[i], GLOB_PATH, &wrong));
		assert_int_equal(glob_add(&n, patterns[i], GLOB_PATH, i), 0);
	}
	classes_make(&c, &n, &none);
	assert_int_equal(lists_init(&sets), 0);
	assert_int_equal(dfa_build(&n, &c, 1u << 20, &sets, NULL, &d), 0);
	for (int minimised = 0; minimised < 2; minimised++) {
		for (int i = 0; i < 200; i++) {
			uint64_t matched = 0;

			text[0] = '/';
			random_text(text + 1);
			assert_int_equal(nfa_run(&n, text, strlen(text), &matched), 0);
			check_text(&d, &c, &sets, patterns, text, matched);
		}
		assert_int_equal(dfa_minimise(&d), 0);
		check_table(&d, &c, 0);
		check_table(&d, &c, SIZE_MAX);
	}
	dfa_done(&d);
	lists_done(&sets);
	nfa_done(&n);
	nfa_done(&none);
}

static void test_random(void **state)
{
	(void)state;
	for (int i = 0; i < 400; i++)
		one_round();
	assert_true(stayed);
}

/* The textbook's own example of what a determinised automaton blows up on. */
static void test_limit(void **state)
{
	struct dfa d = {0};
	struct classes c;
	struct lists sets;
	struct nfa n, none;

	(void)state;
	assert_int_equal(nfa_init(&n), 0);
	assert_int_equal(nfa_init(&none), 0);
	n.patterns = 1;
	assert_int_equal(glob_add(&n, "/*a????????????????", GLOB_PATH, 0), 0);
	classes_make(&c, &n, &none);
	assert_int_equal(lists_init(&sets), 0);
	assert_int_equal(dfa_build(&n, &c, 10000, &sets, NULL, &d), -E2BIG);
	assert_null(d.next);
	assert_int_equal(dfa_build(&n, &c, 1u << 18, &sets, NULL, &d), 0);
	dfa_done(&d);
	lists_done(&sets);
	nfa_done(&n);
	nfa_done(&none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),	  cmocka_unit_test(test_wrong),	 cmocka_unit_test(test_literal),
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_random), cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
