// SPDX-License-Identifier: Apache-2.0
/* test_govern_settings.c - cvfd.json: everything is optional, every mistake has a place, and a mistake gives nobody a right */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../support/temp.h"
#include "govern/settings.h"

static char *dir, *path;
static struct settings settings;
static struct diags diags;

static int setup(void **state)
{
	(void)state;
	dir = temp_make();
	path = temp_path(dir, "cvfd.json");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	settings_done(&settings);
	diags_done(&diags);
	temp_remove(dir);
	free(path);
	return 0;
}

static int load(const char *text)
{
	FILE *out = fopen(path, "w");

	fputs(text, out);
	fclose(out);
	settings_done(&settings);
	diags_done(&diags);
	return settings_load(path, &settings, &diags);
}

static void test_no_file_is_no_mistake(void **state)
{
	(void)state;
	assert_int_equal(settings_load(path, &settings, &diags), 0);
	assert_int_equal(settings.principals_count, 0);
	assert_int_equal(settings.grant_default_s, 8 * 3600);
	assert_int_equal(settings.grant_max_s, 30 * 86400);
	assert_int_equal(settings.store_max_bytes, 0);
	assert_int_equal(load("{}"), 0);
}

static void test_a_principal_is_a_user_or_a_group(void **state)
{
	(void)state;
	assert_int_equal(load("{\"principals\": [{\"group\": \"release\", \"roles\": [\"approval_manager\"]},"
			      " {\"user\": \"maria\", \"roles\": [\"human_operator\"]}]}"), 0);
	assert_int_equal(settings.principals_count, 2);
	assert_string_equal(settings.principals[0].user, "@release");
	assert_int_equal(settings.principals[0].roles, ROLE_APPROVER);
	assert_false(settings.principals[0].is_human);
	assert_true(settings.principals[1].is_human);
	assert_int_equal(load("{\"principals\": [{\"roles\": [\"approver\"]}]}"), -EINVAL);
	assert_int_equal(load("{\"principals\": [{\"user\": \"a\", \"group\": \"b\"}]}"), -EINVAL);
}

static void test_what_is_critical_is_strict_unless_it_says_otherwise(void **state)
{
	(void)state;
	assert_int_equal(load("{\"approvals\": {}}"), 0);
	assert_true(settings.needs_second_factor);
	assert_int_equal(settings.critical_people, 1);
	assert_false(settings.self_approval);
	assert_int_equal(load("{\"approvals\": {\"second_factor\": \"enrolled\", \"critical_people\": 2, \"self_approval\": true}}"), 0);
	assert_false(settings.needs_second_factor);
	assert_int_equal(settings.critical_people, 2);
	assert_true(settings.self_approval);
	assert_int_equal(load("{\"approvals\": {\"second_factor\": \"never\"}}"), -EINVAL);
	assert_true(settings.needs_second_factor);
	assert_int_equal(load("{\"approvals\": {\"critical_people\": 3}}"), -EINVAL);
	assert_int_equal(load("{\"approvals\": {\"self_approval\": \"yes\"}}"), -EINVAL);
}

static void test_targets_are_named_and_their_places_left_to_the_notifier(void **state)
{
	(void)state;
	assert_int_equal(load("{\"notifications\": {\"webhooks\": [{\"id\": \"ops\", \"url\": \"https://example.com/\", \"secret_file\": \"/k\","
			      " \"events\": [\"requested\"]}], \"commands\": [{\"id\": \"page\", \"path\": \"/bin/page\"}]}}"), 0);
	assert_int_equal(settings.notify_count, 2);
	assert_string_equal(settings.notify[0].name, "webhook:ops");
	assert_int_equal(settings.notify[0].events, NOTICE_REQUESTED);
	assert_string_equal(settings.notify[1].name, "command:page");
	assert_int_equal(settings.notify[1].events, NOTICE_REQUESTED | NOTICE_ESCALATED | NOTICE_ENDED);
	assert_int_equal(load("{\"notifications\": {\"webhooks\": [{\"id\": \"ops\", \"url\": \"https://example.com/\"}]}}"), -EINVAL);
	assert_int_equal(load("{\"notifications\": {\"commands\": [{\"id\": \"a\", \"path\": \"/x\", \"events\": [\"all\"]}]}}"), -EINVAL);
	assert_int_equal(load("{\"notifications\": {\"commands\": {}}}"), -EINVAL);
}

static void test_all_settings(void **state)
{
	(void)state;
	assert_int_equal(load("{\"principals\":[{\"user\":\"alice\",\"human\":true,\"roles\":[\"approver\",\"viewer\"]},{\"user\":\"ci\"}],"
			      "\"approvals\":{\"grant_default_s\":60,\"grant_max_s\":600},\"store\":{\"max_bytes\":1000000}}"), 0);
	assert_int_equal(settings.principals_count, 2);
	assert_string_equal(settings.principals[0].user, "alice");
	assert_true(settings.principals[0].is_human);
	assert_int_equal(settings.principals[0].roles, ROLE_APPROVER | ROLE_VIEWER);
	assert_false(settings.principals[1].is_human);
	assert_int_equal(settings.principals[1].roles, 0);
	assert_int_equal(settings.grant_default_s, 60);
	assert_int_equal(settings.grant_max_s, 600);
	assert_int_equal(settings.store_max_bytes, 1000000);
}

static void test_the_default_is_never_longer_than_the_longest(void **state)
{
	(void)state;
	assert_int_equal(load("{\"approvals\":{\"grant_max_s\":600}}"), 0);
	assert_int_equal(settings.grant_default_s, 600);
}

static void test_scopes_and_questions(void **state)
{
	static const struct {
		const char *text;
		unsigned int scopes;
	} rows[] = {
		{ "{}", GRANT_SCOPE_SESSION | GRANT_SCOPE_AGENT | GRANT_SCOPE_PATTERN },
		{ "{\"approvals\":{\"scopes\":[]}}", 0 },
		{ "{\"approvals\":{\"scopes\":[\"session\",\"pattern\"]}}", GRANT_SCOPE_SESSION | GRANT_SCOPE_PATTERN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(load(rows[i].text), 0);
		assert_int_equal(settings.grant_scopes, rows[i].scopes);
		assert_int_equal(settings.questions_per_hour, 0);
	}
	assert_int_equal(load("{\"approvals\":{\"scopes\":[\"once\"]}}"), -EINVAL);
	assert_int_equal(settings.grant_scopes, 0); /* what it forbids is not known */
	assert_int_equal(load("{"), -EINVAL);
	assert_int_equal(settings.grant_scopes, 0);
	assert_int_equal(load("{\"approvals\":{\"scopes\":\"session\"}}"), -EINVAL);
	assert_int_equal(load("{\"approvals\":{\"questions_per_hour\":20}}"), 0);
	assert_int_equal(settings.questions_per_hour, 20);
	assert_int_equal(load("{\"approvals\":{\"questions_per_hour\":-1}}"), -EINVAL);
}

static void test_quarantine(void **state)
{
	static const char *const bad[] = {
		"{\"quarantine\":7}", "{\"quarantine\":{\"max_age\":60}}", "{\"quarantine\":{\"max_age_s\":59}}",
		"{\"quarantine\":{\"max_age_s\":316224001}}", "{\"quarantine\":{\"max_bytes\":-1}}",
		"{\"quarantine\":{\"copy_max_bytes\":\"1 MiB\"}}",
	};

	(void)state;
	assert_int_equal(load("{\"quarantine\":{\"max_age_s\":60,\"max_bytes\":1000,\"copy_max_bytes\":10}}"), 0);
	assert_int_equal(settings.quarantine_age_s, 60);
	assert_int_equal(settings.quarantine_bytes, 1000);
	assert_int_equal(settings.quarantine_copy_bytes, 10);
	assert_int_equal(load("{\"quarantine\":{\"max_bytes\":0}}"), 0);
	assert_int_equal(settings.quarantine_age_s, 7 * 86400);
	assert_int_equal(settings.quarantine_bytes, 0);
	assert_int_equal(settings.quarantine_copy_bytes, 64 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(load(bad[i]), -EINVAL);
		assert_int_equal(diags.errors, 1);
		assert_int_equal(settings.quarantine_age_s, 7 * 86400);
		assert_int_equal(settings.quarantine_bytes, 10ull << 30);
	}
}

static void test_mistakes_have_a_place_and_give_no_rights(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
	} bad[] = {
		{ "{\"principals\":[{\"user\":\"alice\",\"human\":true,\"roles\":[\"approver\"]},\n{\"user\":\"bob\",\"roles\":[\"king\"]}]}", 2 },
		{ "{\n\"pricipals\":[]}", 2 },
		{ "{\"principals\":\n{}}", 2 },
		{ "{\"principals\":[\n{\"human\":true}]}", 2 },
		{ "{\"principals\":[{\"user\":\"a\",\n\"human\":\"yes\"}]}", 2 },
		{ "{\"principals\":[\n1]}", 2 },
		{ "{\"approvals\":{\n\"grant_max_s\":0}}", 2 },
		{ "{\"approvals\":{\n\"grant_max_s\":\"1d\"}}", 2 },
		{ "{\"store\":{\n\"max_bytes\":-1}}", 2 },
		{ "{\n", 2 },
		{ "[]", 1 },
		{ "{\"store\":{},\n\"store\":{}}", 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(load(bad[i].text), -EINVAL);
		assert_true(diags.n > 0);
		assert_int_equal(diags.v[0].line, bad[i].line);
		assert_string_equal(diags.v[0].file, path);
		assert_int_equal(settings.principals_count, 0);
		assert_int_equal(settings.grant_max_s, 30 * 86400);
	}
}

static void test_what_is_no_file_is_a_mistake(void **state)
{
	(void)state;
	settings_done(&settings);
	assert_int_equal(settings_load(dir, &settings, &diags), -EINVAL);
	assert_int_equal(diags.errors, 1);
	assert_int_equal(settings.grant_scopes, 0);
	assert_int_equal(settings.on_miss, ON_MISS_FREEZE);
}

static void test_what_a_missed_canary_does(void **state)
{
	(void)state;
	assert_int_equal(load("{}"), 0);
	assert_int_equal(settings.on_miss, ON_MISS_LOG);
	assert_int_equal(load("{\"canary\":{\"on_miss\":\"freeze\"}}"), 0);
	assert_int_equal(settings.on_miss, ON_MISS_FREEZE);
	assert_int_equal(load("{\"canary\":{\"on_miss\":\"stop\"}}"), 0);
	assert_int_equal(settings.on_miss, ON_MISS_STOP);
	assert_int_equal(load("{\"canary\":{\"on_miss\":\"log\"}}"), 0);
	assert_int_equal(settings.on_miss, ON_MISS_LOG);
	assert_int_equal(load("{\"canary\":{\"on_miss\":\"Stop\"}}"), -EINVAL);
	assert_int_equal(settings.on_miss, ON_MISS_FREEZE); /* it forbids something */
}

static void test_the_api_on_tcp(void **state)
{
	static const char *const good[] = {
		"127.0.0.1", "127.0.0.1:1", "127.1.2.3:65535", "[::1]", "[::1]:8470",
	};
	static const char *const bad[] = {
		"", "localhost", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:1x", "::1", "[::1", "[::1]x", "0.0.0.0:80", "[::]", "192.0.2.1",
		"127.0.0.1:-1", "127.0.0.1:+1", "1.2.3", "[127.0.0.1]:1", "999999999999999999999999999999999999999999999999999:1",
	};
	char text[256];

	(void)state;
	assert_int_equal(load("{}"), 0);
	assert_null(settings.api.listen);
	assert_int_equal(settings.api.token_roles, ROLE_VIEWER | ROLE_OPERATOR);
	assert_int_equal(settings.api.per_minute, 100);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(text, sizeof(text), "{\"api\":{\"listen\":\"%s\"}}", good[i]);
		assert_int_equal(load(text), 0);
		assert_string_equal(settings.api.listen, good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "{\"api\":{\"listen\":\"%s\"}}", bad[i]);
		assert_int_equal(load(text), -EINVAL);
		assert_null(settings.api.listen);
	}
	assert_int_equal(load("{\"api\":{\"listen\":\"0.0.0.0:1\",\"certificate\":\"/c\",\"key\":\"/k\",\"token_roles\":[\"viewer\",\"approver\"],"
			      "\"hosts\":[\"a\"],\"origins\":[\"b\",\"c\"],\"requests_per_minute\":0,\"local_requests_per_minute\":7,\"request_timeout_s\":5}}"), 0);
	assert_int_equal(settings.api.token_roles, ROLE_VIEWER | ROLE_APPROVER);
	assert_int_equal(settings.api.origins.n, 2);
	assert_int_equal(settings.api.per_minute, 0);
	assert_int_equal(settings.api.local_per_minute, 7);
	assert_int_equal(load("{\"api\":{\"listen\":\"127.0.0.1\",\"certificate\":\"/c\"}}"), -EINVAL);
	assert_int_equal(load("{\"api\":{\"local_requests_per_minute\":-1}}"), -EINVAL);
	assert_int_equal(settings.api.local_per_minute, 6000);
	assert_int_equal(load("{\"api\":{\"token_roles\":[\"root\"]}}"), -EINVAL);
	assert_int_equal(settings.api.token_roles, ROLE_VIEWER | ROLE_OPERATOR);
	assert_int_equal(load("{\"api\":{\"token_roles\":\"admin\"}}"), -EINVAL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_no_file_is_no_mistake),
		T(test_a_principal_is_a_user_or_a_group), T(test_what_is_critical_is_strict_unless_it_says_otherwise),
		T(test_targets_are_named_and_their_places_left_to_the_notifier),
		T(test_all_settings),
		T(test_scopes_and_questions),
		T(test_quarantine),
		T(test_the_default_is_never_longer_than_the_longest),
		T(test_mistakes_have_a_place_and_give_no_rights),
		T(test_what_is_no_file_is_a_mistake),
		T(test_what_a_missed_canary_does),
		T(test_the_api_on_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
