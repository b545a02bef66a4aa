// SPDX-License-Identifier: Apache-2.0
/*
 * Strategy: tables of what is accepted beside what looks almost the same and is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../cli/when.h"

#include <string.h>

#define NOW 1763689442	/* 2025-11-21T01:44:02Z */

static void durations(void **state)
{
	static const struct {
		const char *text;
		int r;
		int64_t seconds;
	} rows[] = {
		{ "90s", 0, 90 },	{ "10m", 0, 600 },	  { "2h", 0, 7200 },
		{ "1d", 0, 86400 },	{ "1w", 0, 604800 },	  { "45", 0, 45 },
		{ "1h30m", 0, 5400 },	{ "1d2h3m4s", 0, 93784 }, { "3650d", 0, 315360000 },
		{ "", -EINVAL, 0 },	{ "m", -EINVAL, 0 },	  { "-1m", -EINVAL, 0 },
		{ "+1m", -EINVAL, 0 },	{ "1.5h", -EINVAL, 0 },	  { "10 m", -EINVAL, 0 },
		{ "10m ", -EINVAL, 0 }, { " 10m", -EINVAL, 0 },	  { "1m1h", -EINVAL, 0 },
		{ "1m1m", -EINVAL, 0 }, { "1h30", -EINVAL, 0 },	  { "10M", -EINVAL, 0 },
		{ "10x", -EINVAL, 0 },	{ "0", -ERANGE, 0 },	  { "0s", -ERANGE, 0 },
		{ "11y", -EINVAL, 0 },	{ "4000d", -ERANGE, 0 },  { "99999999999999999999s", -ERANGE, 0 },
		{ "0x10", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t got = 0;

		assert_int_equal(when_duration(rows[i].text, &got), rows[i].r);
		assert_int_equal(got, rows[i].seconds);
	}
}

static void moments(void **state)
{
	static const struct {
		const char *text;
		int r;
		time_t at;
	} rows[] = {
		{ "2025-11-21T01:44:02Z", 0, NOW },
		{ "2025-11-21T01:44:02.987654Z", 0, NOW },
		{ "2025-11-21T01:44:02", 0, NOW },
		{ "2025-11-21T02:44:02+01:00", 0, NOW },
		{ "2025-11-20T20:44:02-05:00", 0, NOW },
		{ "2025-11-21 01:44:02", 0, NOW },
		{ "2025-11-21 01:44", 0, NOW - 2 },
		{ "2025-11-21", 0, NOW - 6242 },
		{ "10m", 0, NOW - 600 },
		{ "1h30m", 0, NOW - 5400 },
		{ "yesterday", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "2025-13-01", -EINVAL, 0 },
		{ "2025-11-21T", -EINVAL, 0 },
		{ "2025-11-21T01:44:02X", -EINVAL, 0 },
		{ "2025-11-21T01:44:02.Z", -EINVAL, 0 },
		{ "2025-11-21T01:44:02+01:00x", -EINVAL, 0 },
		{ "2025-11-21x", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		time_t got = 0;

		assert_int_equal(when_moment(rows[i].text, NOW, &got), rows[i].r);
		assert_int_equal(got, rows[i].at);
	}
}

static void printing(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
		{ 0, "0s" },	   { -5, "0s" },       { 1, "1s" },
		{ 59, "59s" },	   { 60, "1m" },       { 252, "4m12s" },
		{ 3600, "1h" },	   { 3605, "1h" },     { 5400, "1h30m" },
		{ 90061, "1d1h" }, { 700000, "8d2h" }, { INT64_MAX, "106751991167300d15h" },
	};
	char text[WHEN_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		when_print_duration(rows[i].seconds, text);
		assert_string_equal(text, rows[i].text);
	}
	when_print(NOW, text);
	assert_string_equal(text, "2025-11-21T01:44:02Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(durations), cmocka_unit_test(moments),
					    cmocka_unit_test(printing) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
