// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_share.c - the shipped capabilities and profiles: whole, consistent, and good to work under
 *
 * Run from the top of the tree. What single operations come to is in tests/policy/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "policy_fixture.h"

static void load_share(struct fixture *f)
{
	fixture_begin(f);
	assert_int_equal(model_load_dir(f->m, "share/capabilities", 1 << DECL_CAPABILITY, true, &f->d), 0);
	assert_int_equal(model_load_dir(f->m, "share/profiles", 1 << DECL_PROFILE, true, &f->d), 0);
}

static const char *text_of(const json_t *j, const char *part, const char *key)
{
	const char *text = json_string_value(json_object_get(part ? json_object_get(j, part) : j, key));

	return text ? text : "";
}

static bool has_examples(const json_t *j, const char *list)
{
	return json_array_size(json_object_get(json_object_get(j, "examples"), list)) > 0;
}

static void test_whole(void **state)
{
	struct fixture f;

	(void)state;
	load_share(&f);
	assert_int_equal(model_check(f.m, &f.d), 0);
	diags_print(&f.d, stderr);
	assert_int_equal(f.d.n, 0);
	assert_in_range(model_count(f.m, DECL_CAPABILITY), 120, 1000);
	assert_int_equal(model_count(f.m, DECL_PROFILE), 6);
	for (size_t i = 0; i < model_count(f.m, DECL_CAPABILITY); i++) {
		const json_t *j = model_at(f.m, DECL_CAPABILITY, i);

		if (!*text_of(j, NULL, "description") || !*text_of(j, "risk", "justification") ||
		    !*text_of(j, "side_effects", "description"))
			fail_msg("%s says too little", text_of(j, NULL, "id"));
		/* Loading has tried them. */
		if (!has_examples(j, "match") || !has_examples(j, "no_match"))
			fail_msg("%s lacks examples", text_of(j, NULL, "id"));
	}
	fixture_done(&f);
}

/* docs/CAPABILITIES.md has a row for each, with its level and type. */
static void test_documented(void **state)
{
	static char page[1 << 18];
	FILE *in = fopen("docs/CAPABILITIES.md", "r");
	struct fixture f;
	size_t size;

	(void)state;
	assert_non_null(in);
	size = fread(page, 1, sizeof(page) - 1, in);
	fclose(in);
	page[size] = '\0';
	load_share(&f);
	for (size_t i = 0; i < model_count(f.m, DECL_CAPABILITY); i++) {
		const json_t *j = model_at(f.m, DECL_CAPABILITY, i);
		char row[256];

		snprintf(row, sizeof(row), "| `%s` | %s | %s |", text_of(j, NULL, "id"), text_of(j, "risk", "level"),
			 text_of(j, NULL, "operation_type"));
		if (!strstr(page, row))
			fail_msg("docs/CAPABILITIES.md lacks: %s", row);
	}
	fixture_done(&f);
}

/* Every operation has a capability of its own somewhere. */
static void test_covers(void **state)
{
	static const char *const objects[] = {"/home/dev/x", "/home/dev/x", "/tmp/x", NULL};
	struct fixture f;

	(void)state;
	load_share(&f);
	assert_int_equal(fixture_add(&f, "{\"schema\":\"cvf.agent/v1\",\"id\":\"a\",\"capabilities\":[\"*\"]}"), 0);
	fixture_build(&f);
	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		struct query q = {.agent = "a",
				  .op = (enum cvf_op)op,
				  .object = op == CVF_OP_EXEC ? "/usr/bin/ls" : objects[op % 3]};
		struct answer a;

		q.address[10] = q.address[11] = 0xff;
		q.address[12] = 8;
		q.port = 443;
		a = fixture_ask(&f, &q);
		if (strncmp(a.capability, "unregistered", 12) == 0)
			fail_msg("%s", a.capability);
	}
	fixture_done(&f);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void add_agents(struct fixture *f, int n)
{
	static const char *const profiles[] = {"coding", "coding", "ci", "default"};

	for (int i = 0; i < n; i++) {
		char text[512];

		snprintf(text, sizeof(text),
			 "{\"schema\":\"cvf.agent/v1\",\"id\":\"agent-%d\",\"profile\":\"%s\",\"match\":{\"exe\":[\"/"
			 "opt/agent-%d\"],"
			 "\"cgroup\":[\"/agents.slice/agent-%d-*.service\"],\"uid\":[%d]},\"scope\":{\"paths\":[\"/"
			 "home/dev%d/work/**\"]}}",
			 i, profiles[i % 4], i, i, 2000 + i, i);
		assert_int_equal(fixture_add(f, text), 0);
	}
}

/* The tables must hold what people will really load, with room to spare. */
static void test_sizes(void **state)
{
	const struct cvf_image_section *s;
	struct fixture f;
	double start;

	(void)state;
	load_share(&f);
	add_agents(&f, 20);
	start = seconds();
	fixture_build(&f);
	/* Far below a second without sanitizers; this only catches a blow-up. */
	assert_true(seconds() - start < 60);
	s = f.image->section;
	assert_in_range(s[CVF_SECTION_DFA].count, 1, CVF_DFA_WORDS * 6 / 10);
	assert_in_range(s[CVF_SECTION_INDEX].count, 1, CVF_INDEX_MAX / 10);
	assert_in_range(s[CVF_SECTION_CELL].count, 1, CVF_CELLS_MAX / 2);
	fixture_done(&f);
}

static uint32_t enrolled(const struct fixture *f, enum cvf_section section, const char *path)
{
	uint32_t set = image_set(f->image, image_step(f->image, f->image->start_file, path, strlen(path)));
	size_t n;
	const uint16_t *agent = image_section(f->image, section, &n);

	return set < n ? agent[set] : 0;
}

static void test_enrolment(void **state)
{
	const struct cvf_image_uid *uid;
	struct fixture f;
	size_t n;

	(void)state;
	load_share(&f);
	add_agents(&f, 3);
	fixture_build(&f);
	assert_int_equal(enrolled(&f, CVF_SECTION_ENROL_EXE, "/opt/agent-0"), 1);
	assert_int_equal(enrolled(&f, CVF_SECTION_ENROL_EXE, "/opt/agent-2"), 3);
	assert_int_equal(enrolled(&f, CVF_SECTION_ENROL_EXE, "/opt/agent-3"), 0);
	assert_int_equal(enrolled(&f, CVF_SECTION_ENROL_CGROUP, "//cgroup/agents.slice/agent-1-x.service"), 2);
	assert_int_equal(enrolled(&f, CVF_SECTION_ENROL_CGROUP, "//cgroup/agents.slice/agent-1-x.service/inner"), 2);
	assert_int_equal(enrolled(&f, CVF_SECTION_ENROL_CGROUP, "/agents.slice/agent-1-x.service"), 0);
	assert_int_equal(enrolled(&f, CVF_SECTION_ENROL_EXE, "//cgroup/agents.slice/agent-1-x.service"), 0);
	uid = image_section(f.image, CVF_SECTION_ENROL_UID, &n);
	assert_int_equal(n, 3);
	assert_int_equal(uid[2].uid, 2002);
	assert_int_equal(uid[2].agent, 3);
	fixture_done(&f);
}

/* Under every shipped profile, explain and the image say the same of paths that the patterns are about. */
static void test_agreement(void **state)
{
	static const char *const paths[] = {
		"/home/dev0/work/a.c",
		"/home/dev0/work/.git/hooks/pre-commit",
		"/home/dev0/work/.git/hooks/x.sample",
		"/home/dev1/work/.vscode/tasks.json",
		"/home/dev0/.ssh/id_rsa",
		"/home/dev0/.ssh/known_hosts",
		"/home/dev0/.bashrc",
		"/root/.aws/credentials",
		"/etc/passwd",
		"/etc/shadow",
		"/etc/cron.d/x",
		"/usr/bin/git",
		"/usr/lib/x.so",
		"/usr/lib/python3.11/__pycache__/os.pyc",
		"/tmp/x",
		"/tmp/.X11-unix/X0",
		"/dev/null",
		"/dev/sda",
		"/dev/shm/sem.x",
		"/dev/pts/3",
		"/proc/1/mem",
		"/proc/1/comm",
		"/proc/sys/kernel/hostname",
		"/sys/fs/cgroup/x/cgroup.procs",
		"/run/docker.sock",
		"/run/user/1000/bus",
		"/run/dbus/system_bus_socket",
		"//anon/memfd:x",
		"//abstract/x",
		"/boot/vmlinuz",
		"/srv/x",
		"/",
		"/home/dev0/.cache/pip/x",
		"/home/dev0/.local/bin/tool",
		"/var/lib/docker/x",
		"/var/log/syslog",
		"/etc/cvf/cvfd.json",
	};
	struct fixture f;

	(void)state;
	load_share(&f);
	add_agents(&f, 4);
	fixture_build(&f);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		for (unsigned int op = 1; op <= CVF_OP_UNIX_BIND; op++) {
			for (int agent = 0; agent < 4; agent++) {
				char name[32];
				struct query q = {
					.agent = name, .op = (enum cvf_op)op, .object = paths[i], .now = FIXTURE_NOW};

				snprintf(name, sizeof(name), "agent-%d", agent);
				fixture_ask(&f, &q);
			}
		}
	}
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),	  cmocka_unit_test(test_covers),    cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_enrolment), cmocka_unit_test(test_agreement), cmocka_unit_test(test_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
