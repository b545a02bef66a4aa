// SPDX-License-Identifier: Apache-2.0
/*
 * Strategy: an id or a value, whatever it holds, never becomes a second segment or a second parameter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../cli/url.h"
#include "core/own.h"

static void segments(void **state)
{
	static const struct {
		const char *id, *path;
	} rows[] = {
		{ "coder-1", "/v1/agents/coder-1" },
		{ "vcs.git.push~x_y", "/v1/agents/vcs.git.push~x_y" },
		{ "a/b", "/v1/agents/a%2Fb" },
		{ "a b?c#d%&e=f", "/v1/agents/a%20b%3Fc%23d%25%26e%3Df" },
		{ "", "/v1/agents/" },
		{ ".", "/v1/agents/%2E" },
		{ "..", "/v1/agents/%2E%2E" },
		{ "..a", "/v1/agents/..a" },
		{ "\xc3\xa9\n\xff", "/v1/agents/%C3%A9%0A%FF" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		own_url struct url u = url_begin("/v1/agents");

		url_segment(&u, rows[i].id);
		assert_string_equal(u.text, rows[i].path);
	}
}

static void parameters(void **state)
{
	own_url struct url u = url_begin("/v1/events");

	(void)state;
	url_param(&u, "since", NULL);
	assert_string_equal(u.text, "/v1/events");
	url_param(&u, "agent", "a&b=c");
	url_param(&u, "capability", "io.*");
	url_param(&u, "limit", "10");
	assert_string_equal(u.text, "/v1/events?agent=a%26b%3Dc&capability=io.%2A&limit=10");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(segments), cmocka_unit_test(parameters) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
