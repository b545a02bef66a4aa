// SPDX-License-Identifier: Apache-2.0
/* test_api_auth.c - who has which role; each role beside what it may not do */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "api/auth.h"

static struct auth auth;

/* Users that every Debian has; the groups of the test are set by hand. */
static int setup(void **state)
{
	struct principal *p = calloc(3, sizeof(*p));

	(void)state;
	p[0] = (struct principal){ .user = strdup("daemon"), .roles = ROLE_APPROVER, .is_human = true };
	p[1] = (struct principal){ .user = strdup("bin"), .roles = ROLE_OPERATOR | ROLE_VIEWER };
	p[2] = (struct principal){ .user = strdup("no-such-user-here"), .roles = ROLE_ADMIN, .is_human = true };
	auth_init(&auth, p, 3);
	for (int i = 0; i < 4; i++)
		auth.groups[i] = (gid_t)(60001 + i);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	auth_done(&auth);
	return 0;
}

static struct caller identify(uid_t uid, gid_t gid, gid_t extra)
{
	gid_t groups[] = { 5, extra };
	struct peer p = { .pid = 1, .uid = uid, .gid = gid, .groups = groups, .groups_count = extra ? 2 : 1, .pidfd = -1 };
	struct caller c;

	auth_identify(&auth, &p, &c);
	return c;
}

static void test_root_is_admin_and_no_person(void **state)
{
	struct caller c = identify(0, 0, 0);

	(void)state;
	assert_string_equal(c.name, "root");
	assert_true(caller_may(&c, ROLE_ADMIN));
	assert_true(caller_may(&c, ROLE_APPROVER));
	assert_false(c.is_human);
}

static void test_a_stranger_may_nothing(void **state)
{
	struct caller c = identify(54321, 54321, 0);

	(void)state;
	assert_string_equal(c.name, "uid:54321");
	assert_true(caller_may(&c, ROLE_NONE));
	assert_false(caller_may(&c, ROLE_VIEWER));
	assert_false(caller_may(&c, ROLE_OPERATOR));
	assert_false(caller_may(&c, ROLE_APPROVER));
	assert_false(caller_may(&c, ROLE_ADMIN));
}

static void test_groups_give_roles(void **state)
{
	static const struct {
		gid_t gid;
		enum role role;
	} cases[] = { { 60001, ROLE_VIEWER }, { 60002, ROLE_OPERATOR }, { 60003, ROLE_APPROVER }, { 60004, ROLE_ADMIN } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct caller supplementary = identify(54321, 54321, cases[i].gid), primary = identify(54321, cases[i].gid, 0);

		assert_int_equal(supplementary.roles, cases[i].role);
		assert_int_equal(primary.roles, cases[i].role);
		assert_true(caller_may(&supplementary, ROLE_VIEWER)); /* every role includes it */
		assert_int_equal(caller_may(&supplementary, ROLE_ADMIN), cases[i].role == ROLE_ADMIN);
		assert_int_equal(caller_may(&supplementary, ROLE_APPROVER), cases[i].role >= ROLE_APPROVER);
	}
}

static void test_a_group_that_does_not_exist_has_no_members(void **state)
{
	struct caller c;

	(void)state;
	auth.groups[3] = (gid_t)-1;
	c = identify(54321, (gid_t)-1, (gid_t)-1);
	assert_int_equal(c.roles, ROLE_NONE);
	auth.groups[3] = 60004;
}

static void test_principals_add_roles(void **state)
{
	struct caller daemon_user = identify(getpwnam("daemon")->pw_uid, 1, 0), bin = identify(getpwnam("bin")->pw_uid, 2, 0);

	(void)state;
	assert_true(daemon_user.is_human);
	assert_true(caller_may(&daemon_user, ROLE_APPROVER));
	assert_false(caller_may(&daemon_user, ROLE_OPERATOR));
	assert_false(bin.is_human);
	assert_true(caller_may(&bin, ROLE_OPERATOR));
	assert_false(caller_may(&bin, ROLE_APPROVER));
	assert_false(auth.principals[2].is_known);
}

static void test_an_unknown_principal_is_nobody(void **state)
{
	struct caller c = identify((uid_t)-1, 99, 0);

	(void)state;
	assert_int_equal(c.roles, ROLE_NONE);
	assert_false(c.is_human);
}

static void test_users_and_groups_by_name(void **state)
{
	static const char *const games[] = { "daemon", "@games" }, *const none[] = { "no-such-user-here", "@no-such-group-here", "@", "" };
	const uid_t daemon_uid = getpwnam("daemon")->pw_uid;
	gid_t gid = getgrnam("games")->gr_gid;
	const struct {
		struct peer peer;
		bool is_one;
	} cases[] = {
		{ { .uid = daemon_uid, .gid = 54321 }, true },
		{ { .uid = 54321, .gid = gid }, true },
		{ { .uid = 54321, .gid = 54321, .groups = &gid, .groups_count = 1 }, true },
		{ { .uid = 54321, .gid = 54321 }, false },
		{ { .uid = gid, .gid = daemon_uid }, false },
		{ { .uid = 0, .gid = 0 }, false },
		{ { .uid = (uid_t)-1, .gid = (gid_t)-1 }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(peer_is_one_of(&cases[i].peer, games, 2), cases[i].is_one);
		assert_false(peer_is_one_of(&cases[i].peer, games, 0));
		assert_false(peer_is_one_of(&cases[i].peer, none, 4));
	}
}

static void test_role_names(void **state)
{
	(void)state;
	assert_int_equal(role_find("viewer"), ROLE_VIEWER);
	assert_int_equal(role_find("admin"), ROLE_ADMIN);
	assert_int_equal(role_find("root"), ROLE_NONE);
	assert_int_equal(role_find(""), ROLE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root_is_admin_and_no_person),
		cmocka_unit_test(test_a_stranger_may_nothing),
		cmocka_unit_test(test_groups_give_roles),
		cmocka_unit_test(test_a_group_that_does_not_exist_has_no_members),
		cmocka_unit_test(test_principals_add_roles),
		cmocka_unit_test(test_an_unknown_principal_is_nobody),
		cmocka_unit_test(test_users_and_groups_by_name),
		cmocka_unit_test(test_role_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
