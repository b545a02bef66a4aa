// SPDX-License-Identifier: Apache-2.0
/*
 * Strategy: an id or a value, whatever it holds, never becomes a second segment or a second parameter. What routes.h makes is
 * what its routes are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../cli/routes.h"
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
		own_url struct url u = to_get_v1_agents_id(rows[i].id);

		assert_string_equal(u.method, "GET");
		assert_string_equal(u.text, rows[i].path);
	}
}

static void between(void **state)
{
	own_url struct url u = to_post_v1_approvals_id_approve("a/b?"), two = { 0 };

	(void)state;
	assert_string_equal(u.method, "POST");
	assert_string_equal(u.text, "/v1/approvals/a%2Fb%3F/approve");
	two = url_make("GET", "/v1/a/{one}/b/{two}", (const char *[]){ "{two}", "" }, "", NULL);
	assert_string_equal(two.text, "/v1/a/%7Btwo%7D/b/");
}

static void parameters(void **state)
{
	own_url struct url none = to_get_v1_events(NULL), u = { 0 };

	(void)state;
	assert_string_equal(none.text, "/v1/events");
	url_done(&none);
	none = to_get_v1_events(&(struct get_v1_events){ .since = NULL });
	assert_string_equal(none.text, "/v1/events");
	u = to_get_v1_events(&(struct get_v1_events){ .agent = "a&b=c", .capability = "io.*", .limit = "10" });
	assert_string_equal(u.text, "/v1/events?agent=a%26b%3Dc&capability=io.%2A&limit=10");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(segments), cmocka_unit_test(between), cmocka_unit_test(parameters) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
