// SPDX-License-Identifier: Apache-2.0
/* test_api_view.c - bytes, times and numbers as JSON and back */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "api/view.h"

static void check_bytes(const char *p, size_t n, const char *expected)
{
	json_t *value = view_bytes(p, n);

	assert_non_null(value);
	assert_string_equal(json_string_value(value), expected);
	assert_int_equal(json_string_length(value), strlen(expected));
	json_decref(value);
}

static void test_bytes(void **state)
{
	static const struct {
		const char *bytes, *shown;
	} cases[] = {
		{ "", "" },
		{ "/etc/passwd", "/etc/passwd" },
		{ "\x1b[2J\n", "\x1b[2J\n" },			/* control characters are the reader's to escape */
		{ "gr\xc3\xbc\xc3\x9f" "e", "gr\xc3\xbc\xc3\x9f" "e" },
		{ "\xe2\x82\xac\xf0\x9f\x98\x80", "\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xff", "\\xff" },
		{ "a\x80z", "a\\x80z" },
		{ "\xc3", "\\xc3" },				/* cut off */
		{ "\xe2\x82", "\\xe2\\x82" },
		{ "\xc0\xaf", "\\xc0\\xaf" },			/* overlong */
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },		/* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },	/* beyond Unicode */
		{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
		{ "\xc3\x28", "\\xc3(" },
		{ "\xf0\x9f\x98(", "\\xf0\\x9f\\x98(" },
		{ "\\xff", "\\xff" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_bytes(cases[i].bytes, strlen(cases[i].bytes), cases[i].shown);
	check_bytes("a\0b", 3, "a\\x00b");
}

static void test_every_byte_string_is_valid_json(void **state)
{
	char bytes[64];

	(void)state;
	srandom(7);
	for (int round = 0; round < 5000; round++) {
		size_t n = (size_t)random() % sizeof(bytes);
		json_t *list = json_array(), *again;
		char *text;

		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)(random() % 3 ? random() : 0x80 | random() % 64);
		assert_int_equal(json_array_append_new(list, view_bytes(bytes, n)), 0);
		text = json_dumps(list, 0);
		assert_non_null(text);
		again = json_loads(text, 0, NULL);
		assert_non_null(again);
		assert_true(json_equal(list, again));
		json_decref(again);
		json_decref(list);
		free(text);
	}
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "1970-01-01T00:00:01Z", 1000 },
		{ "2025-01-02T03:04:05.678Z", 1735787045678 },
		{ "2025-01-02T03:04:05.6Z", 1735787045600 },
		{ "2025-01-02T03:04:05.678999Z", 1735787045678 },
		{ "2025-01-02T05:04:05.678+02:00", 1735787045678 },
		{ "2025-01-02T05:04:05.678 02:00", 1735787045678 },	/* '+' of a query */
		{ "2025-01-01T22:34:05.678-04:30", 1735787045678 },
		{ "0s", 5000000 }, { "90s", 4910000 }, { "1m", 4940000 }, { "1h", 1400000 },
	};
	static const char *const bad[] = { "", "yesterday", "2025-01-02", "2025-01-02T03:04:05", "2025-01-02T03:04:05ZZ", "10", "10x",
					   "-1s", "1.5h", "99999999999d", "2025-01-02T03:04:05+2:00", "2025-01-02T03:04:05+99:00" };
	char text[TIME_TEXT];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(moment_parse(cases[i].text, 5000000, &ms), 0);
		assert_int_equal(ms, cases[i].ms);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(moment_parse(bad[i], 5000000, &ms), -EINVAL);
	moment_print(1735787045678, text);
	assert_string_equal(text, "2025-01-02T03:04:05.678Z");
	moment_print(1735787045001, text);
	assert_string_equal(text, "2025-01-02T03:04:05.001Z");
}

static void test_numbers(void **state)
{
	int64_t n;

	(void)state;
	assert_int_equal(number_parse("42", 1, 1000, &n), 0);
	assert_int_equal(n, 42);
	assert_int_equal(number_parse("0", 1, 1000, &n), -EINVAL);
	assert_int_equal(number_parse("1001", 1, 1000, &n), -EINVAL);
	assert_int_equal(number_parse("", 0, 9, &n), -EINVAL);
	assert_int_equal(number_parse("-1", -5, 9, &n), -EINVAL);
	assert_int_equal(number_parse("4x", 0, 9, &n), -EINVAL);
	assert_int_equal(number_parse("99999999999999999999", 0, INT64_MAX, &n), -EINVAL);
}

static void test_null_for_nothing(void **state)
{
	json_t *object = json_object();

	(void)state;
	view_set(object, "text", view_text(NULL));
	view_set(object, "time", view_time(0));
	view_set(object, "memory", NULL);
	view_set(object, "hex", view_hex(0xabc));
	assert_true(json_is_null(json_object_get(object, "text")));
	assert_true(json_is_null(json_object_get(object, "time")));
	assert_true(json_is_null(json_object_get(object, "memory")));
	assert_string_equal(json_string_value(json_object_get(object, "hex")), "0000000000000abc");
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_every_byte_string_is_valid_json),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_null_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
