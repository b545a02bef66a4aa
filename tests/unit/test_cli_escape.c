// SPDX-License-Identifier: Apache-2.0
/*
 * Strategy: every class of character that can deceive a reader has a row, beside a harmless twin that must
 * come out as it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../cli/escape.h"
#include "core/own.h"

#include <string.h>

struct row {
	const char *in;
	size_t size;	/* 0: strlen */
	const char *out;
};

static char *made_by(void (*put)(FILE *, const char *, size_t), const struct row *r)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	put(out, r->in, r->size ? r->size : strlen(r->in));
	assert_int_equal(fclose(out), 0);
	return text;
}

static void check(void (*put)(FILE *, const char *, size_t), const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		own_free char *got = made_by(put, &rows[i]);

		assert_string_equal(got, rows[i].out);
	}
}

static void controls(void **state)
{
	static const struct row rows[] = {
		{ "plain text", 0, "plain text" },
		{ "", 0, "" },
		{ "a\nb\tc\rd", 0, "a\\nb\\tc\\rd" },
		{ "\a\b\v\f", 0, "\\a\\b\\v\\f" },
		{ "\x1b[2J", 0, "\\x1b[2J" },
		{ "a\0b", 3, "a\\x00b" },
		{ "\x7f", 0, "\\x7f" },
		{ "back\\slash", 0, "back\\\\slash" },
		{ "\xc2\x9b" "31m", 0, "\\u009b31m" },	/* CSI in one character */
		{ "\xc2\x85", 0, "\\u0085" },		/* next line */
	};

	(void)state;
	check(escape_put, rows, ARRAY_SIZE(rows));
}

static void invalid_utf8(void **state)
{
	static const struct row rows[] = {
		{ "caf\xc3\xa9", 0, "caf\xc3\xa9" },
		{ "\xe6\x97\xa5\xe6\x9c\xac", 0, "\xe6\x97\xa5\xe6\x9c\xac" },
		{ "caf\xe9", 0, "caf\\xe9" },
		{ "\xc3", 0, "\\xc3" },				/* cut */
		{ "\xe6\x97", 0, "\\xe6\\x97" },
		{ "\xc0\xaf", 0, "\\xc0\\xaf" },		/* overlong slash */
		{ "\xe0\x80\xaf", 0, "\\xe0\\x80\\xaf" },
		{ "\xf0\x80\x80\xaf", 0, "\\xf0\\x80\\x80\\xaf" },
		{ "\xed\xa0\x80", 0, "\\xed\\xa0\\x80" },	/* surrogate */
		{ "\xf4\x90\x80\x80", 0, "\\xf4\\x90\\x80\\x80" },	/* beyond Unicode */
		{ "\xf8\x88\x80\x80\x80", 0, "\\xf8\\x88\\x80\\x80\\x80" },
		{ "\x80\xff\xfe", 0, "\\x80\\xff\\xfe" },
		{ "\xc3\n", 0, "\\xc3\\n" },			/* the newline is not swallowed */
	};

	(void)state;
	check(escape_put, rows, ARRAY_SIZE(rows));
}

static void invisible(void **state)
{
	static const struct row rows[] = {
		{ "a\xe2\x80\xae" "b", 0, "a\\u202eb" },	/* right-to-left override */
		{ "\xe2\x81\xa6\xe2\x81\xa9", 0, "\\u2066\\u2069" },
		{ "\xe2\x80\x8b\xe2\x80\x8d\xef\xbb\xbf", 0, "\\u200b\\u200d\\ufeff" },
		{ "\xc2\xad\xc2\xa0", 0, "\\u00ad\\u00a0" },
		{ "\xe3\x80\x80", 0, "\\u3000" },
		{ "\xe3\x85\xa4", 0, "\\u3164" },
		{ "\xf3\xa0\x81\x81", 0, "\\U000e0041" },	/* tag */
		{ "\xee\x80\x80", 0, "\\ue000" },		/* private use */
		{ "\xef\xb8\x8f", 0, "\\ufe0f" },
		{ "\xe2\x80\xa8\xe2\x80\xa9", 0, "\\u2028\\u2029" },
	};

	(void)state;
	check(escape_put, rows, ARRAY_SIZE(rows));
}

static void runs(void **state)
{
	static const struct row rows[] = {
		{ "a   b", 0, "a   b" },
		{ "a     b", 0, "a   \\x20\\x20b" },
		{ "e\xcc\x81\xcc\x82", 0, "e\xcc\x81\xcc\x82" },
		{ "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84", 0, "e\xcc\x81\xcc\x82\\u0303\\u0304" },
	};

	(void)state;
	check(escape_put, rows, ARRAY_SIZE(rows));
}

static void words(void **state)
{
	static const struct row rows[] = {
		{ "push", 0, "push" },
		{ "/usr/bin/git", 0, "/usr/bin/git" },
		{ "--a=b,c:d@e+f%g", 0, "--a=b,c:d@e+f%g" },
		{ "", 0, "\"\"" },
		{ "a b", 0, "\"a b\"" },
		{ "a\"b", 0, "\"a\\\"b\"" },
		{ "a\\b", 0, "\"a\\\\b\"" },
		{ "$(x)", 0, "\"$(x)\"" },
		{ "a\0", 2, "\"a\\x00\"" },
		{ "caf\xc3\xa9", 0, "\"caf\xc3\xa9\"" },
		{ "*", 0, "\"*\"" },
	};

	(void)state;
	check(escape_word, rows, ARRAY_SIZE(rows));
}

static void lines(void **state)
{
	static const struct row rows[] = { { "a \\ b\n", 0, "a \\ b\\n" } };

	(void)state;
	check(escape_line, rows, ARRAY_SIZE(rows));
}

static void ascii_only(void **state)
{
	static const struct row rows[] = { { "caf\xc3\xa9", 0, "caf\\u00e9" },
					   { "\xf0\x9f\x98\x80", 0, "\\U0001f600" },
					   { "a b", 0, "a b" } };

	(void)state;
	escape_ascii_only = true;
	check(escape_put, rows, ARRAY_SIZE(rows));
	escape_ascii_only = false;
}

static void widths(void **state)
{
	(void)state;
	assert_int_equal(escape_width("abc"), 3);
	assert_int_equal(escape_width("caf\xc3\xa9"), 4);
	assert_int_equal(escape_width("e\xcc\x81"), 1);
	assert_int_equal(escape_width("\xe6\x97\xa5"), 2);
	assert_int_equal(escape_fit("abc", 2), 2);
	assert_int_equal(escape_fit("abc", 0), 0);
	assert_int_equal(escape_fit("abc", 9), 3);
	assert_int_equal(escape_fit("a\xe6\x97\xa5", 2), 1);	/* the second is two columns wide */
	assert_int_equal(escape_fit("a\xe6\x97\xa5", 3), 4);
	assert_int_equal(escape_fit("e\xcc\x81x", 1), 3);	/* the mark takes none */
	assert_int_equal(escape_foreign("caf\xc3\xa9 \xe6\x97\xa5", 9), 2);
	assert_int_equal(escape_foreign("cafe", 4), 0);
}

/* Whatever goes in, what comes out is printable ASCII, or valid characters that were there. */
static void every_byte_pair(void **state)
{
	(void)state;
	escape_ascii_only = true;
	for (unsigned int i = 0; i < 65536; i++) {
		char in[2] = { (char)(i >> 8), (char)i };
		struct row r = { in, 2, NULL };
		own_free char *got = made_by(escape_put, &r);

		for (const char *at = got; *at; at++)
			assert_true(*at >= 0x20 && *at < 0x7f);
	}
	escape_ascii_only = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(controls), cmocka_unit_test(invalid_utf8), cmocka_unit_test(invisible),
		cmocka_unit_test(runs), cmocka_unit_test(words), cmocka_unit_test(lines),
		cmocka_unit_test(ascii_only), cmocka_unit_test(widths), cmocka_unit_test(every_byte_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
