// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_objects.c - the decision by kind of object: two paths, programs, addresses, and what belongs to the
 * product
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_fixture.h"

#define CAP(id, type, level, match, rest)                                                                              \
	"{\"schema\":\"cvf.capability/v1\",\"id\":\"" id "\",\"operation_type\":\"" type                               \
	"\",\"risk\":{\"level\":\"" level "\"" rest "},\"match\":" match "}"
#define PATH(path, ops)		"{\"file\":[{\"path\":\"" path "\",\"ops\":[" ops "]}]}"
#define AGENT(rest)		"{\"schema\":\"cvf.agent/v1\",\"id\":\"a\"" rest "}"
#define POLICY(id, rest, rules) "{\"schema\":\"cvf.policy/v1\",\"id\":\"" id "\"" rest ",\"rules\":[" rules "]}"

/* Four levels under /r0 .. /r3 for every way to change a file, and the same for programs. */
#define OPS "\"read\",\"write\",\"create\",\"rename\",\"link\",\"attr\",\"truncate\""
#define LEVELS                                                                                                         \
	CAP("f.r0", "WRITE", "LOW", PATH("/r0/**", OPS), "")                                                           \
	"," CAP("f.r1", "WRITE", "MEDIUM", PATH("/r1/**", OPS),                                                        \
		"") "," CAP("f.r2", "WRITE", "HIGH", PATH("/r2/**", OPS), "") "," CAP("f.r3", "WRITE", "CRITICAL",     \
										      PATH("/r3/**", OPS), "")
#define ALLOW CVF_VERDICT_ALLOW
#define DENY  CVF_VERDICT_DENY
#define HOLD  CVF_VERDICT_HOLD

static struct answer ask(struct fixture *f, enum cvf_op op, const char *path)
{
	struct query q = {.agent = "a", .op = op, .object = path, .now = FIXTURE_NOW};

	return fixture_ask(f, &q);
}

static void expect(struct fixture *f, enum cvf_op op, const char *path, enum cvf_verdict verdict,
		   enum cvf_reason reason)
{
	struct query q = {.agent = "a", .op = op, .object = path, .now = FIXTURE_NOW};

	fixture_expect(f, &q, verdict, reason);
}

#define WRITES(path, verdict, reason) expect(&f, CVF_OP_WRITE, path, verdict, CVF_REASON_##reason)

static void test_two_paths(void **state)
{
	static const struct {
		const char *from, *to;
		enum cvf_verdict verdict;
		const char *capability;
	} rows[] = {
		{"/r0/a", "/r0/b", ALLOW, "f.r0"},	   {"/r0/a", "/r2/b", HOLD, "f.r2"},
		{"/r2/a", "/r0/b", HOLD, "f.r2"},	   {"/r2/a", "/r3/b", HOLD, "f.r3"},
		{"/r3/a", "/r1/out", DENY, "f.r1"},	   {"/r0/a", "/r1/in/b", ALLOW, "f.r1"},
		{"/r0/a", "/etc/cvf/x", DENY, "cvf.self"},
	};
	struct fixture f;

	(void)state;
	fixture_load(&f, "[" LEVELS "," AGENT(",\"capabilities\":[\"f.*\"],\"scope\":{\"paths\":[\"/r1/in/**\"]}") "]");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct query q = {.agent = "a", .op = CVF_OP_RENAME, .object = rows[i].from, .object2 = rows[i].to};
		struct answer a = fixture_ask(&f, &q);

		assert_int_equal(a.verdict, rows[i].verdict);
		assert_string_equal(a.capability, rows[i].capability);
	}
	fixture_done(&f);
}

static void test_exec(void **state)
{
	static const char text[] =
		"[" CAP("run", "EXECUTE", "LOW", "{\"exec\":[{\"path\":\"/usr/bin/**\"}]}", "") "," CAP(
			"tool", "EXECUTE", "MEDIUM", "{\"exec\":[{\"path\":\"${WORKSPACE}\"}]}",
			"") "," CAP("push", "EXECUTE", "HIGH",
				    "{\"exec\":[{\"path\":\"git\",\"argv\":[\"push\",\"**\"]}]}",
				    "") "," AGENT(",\"capabilities\":[\"*\"],\"scope\":{\"paths\":[\"/w/**\"]}") "]";
	const char *push[] = {"push", "origin"}, *log[] = {"log", "push"};
	struct query q = {.agent = "a", .op = CVF_OP_EXEC, .object = "/usr/bin/git", .args = push, .args_count = 2};
	struct answer a;
	struct fixture f;

	(void)state;
	fixture_load(&f, text);
	assert_string_equal(fixture_ask(&f, &q).capability, "push");
	q.args = log;
	a = fixture_ask(&f, &q);
	assert_string_equal(a.capability, "run");
	assert_int_equal(a.verdict, ALLOW);
	/* What was not seen cannot be trusted: it waits. */
	q.args_cut = true;
	a = fixture_ask(&f, &q);
	assert_int_equal(a.verdict, HOLD);
	assert_int_equal(a.reason, CVF_REASON_ARGS_TOO_LONG);
	assert_int_equal(a.risk, CVF_R2);
	q.args_cut = false;
	q.object = "/w/tool";
	/* MEDIUM programs are where they are: the scope guard is for what they touch. */
	assert_int_equal(fixture_ask(&f, &q).reason, CVF_REASON_IN_SCOPE);
	q.object = "/x/tool";
	assert_int_equal(fixture_ask(&f, &q).reason, CVF_REASON_UNREGISTERED);
	fixture_done(&f);
}

static void connect_expect(struct fixture *f, const char *to, const char *protocol, enum cvf_reason reason)
{
	char verb[] = "connect", host[64], proto[8];
	char *words[] = {verb, host, proto};
	struct diags d = {0};
	struct query q;

	snprintf(host, sizeof(host), "%s", to);
	snprintf(proto, sizeof(proto), "%s", protocol);
	assert_int_equal(query_parse(words, 3, &q, &d), 0);
	q.agent = "a";
	q.now = FIXTURE_NOW;
	if (fixture_ask(f, &q).reason != reason)
		fail_msg("%s %s: %s", to, protocol, reason_word(fixture_ask(f, &q).reason));
}

static void test_net(void **state)
{
	static const char text[] = "[" CAP(
		"lo", "NETWORK", "MEDIUM", "{\"net\":[{\"ops\":[\"connect\"],\"address\":[\"127.0.0.0/8\",\"::1\"]}]}",
		"") "," CAP("ten", "NETWORK", "HIGH",
			    "{\"net\":[{\"ops\":[\"connect\"],\"protocol\":\"tcp\",\"address\":\"10.0.0.0/"
			    "8\",\"except\":[\"10.9.0.0/16\"],"
			    "\"ports\":\"22,8000-8100\"}]}",
			    "") "," CAP("nine", "NETWORK", "LOW",
					"{\"net\":[{\"ops\":[\"connect\"],\"address\":\"10.9.0.0/16\"}]}",
					"") "," CAP("six", "NETWORK", "LOW",
						    "{\"net\":[{\"ops\":[\"connect\"],\"address\":\"::/"
						    "0\",\"ports\":\"443\"}]}",
						    "") "," AGENT(",\"capabilities\":[\"*\"],\"scope\":{\"net\":[\"127."
								  "0.0.1\"]}") "," POLICY("p", "",
											  "{\"when\":{\"address\":["
											  "\"127.9.0.0/"
											  "16\"]},\"effect\":\"ALLOW\"}"
											  ","
											  "{\"when\":{\"address\":["
											  "\"10.1.2.3\"]},\"effect\":"
											  "\"DENY\"}") "]";
	struct fixture f;

	(void)state;
	fixture_load(&f, text);
	connect_expect(&f, "127.0.0.1:80", "tcp", CVF_REASON_IN_SCOPE);
	connect_expect(&f, "127.0.0.2:80", "tcp", CVF_REASON_OUT_OF_SCOPE);
	connect_expect(&f, "127.9.0.2:80", "tcp", CVF_REASON_POLICY_ALLOW);
	connect_expect(&f, "[::1]:80", "udp", CVF_REASON_OUT_OF_SCOPE);
	connect_expect(&f, "10.0.0.1:22", "tcp", CVF_REASON_APPROVAL);
	connect_expect(&f, "10.0.0.1:22", "udp", CVF_REASON_UNREGISTERED);
	connect_expect(&f, "10.0.0.1:23", "tcp", CVF_REASON_UNREGISTERED);
	connect_expect(&f, "10.0.0.1:8000", "tcp", CVF_REASON_APPROVAL);
	connect_expect(&f, "10.0.0.1:8100", "tcp", CVF_REASON_APPROVAL);
	connect_expect(&f, "10.0.0.1:8101", "tcp", CVF_REASON_UNREGISTERED);
	connect_expect(&f, "10.9.0.1:22", "tcp", CVF_REASON_LOW_RISK);
	connect_expect(&f, "10.1.2.3:22", "tcp", CVF_REASON_POLICY_DENY);
	connect_expect(&f, "11.0.0.1:443", "tcp", CVF_REASON_UNREGISTERED);
	connect_expect(&f, "[2001:db8::1]:443", "tcp", CVF_REASON_LOW_RISK);
	connect_expect(&f, "[::ffff:11.0.0.1]:443", "tcp", CVF_REASON_UNREGISTERED);
	connect_expect(&f, "[::1]:443", "tcp", CVF_REASON_OUT_OF_SCOPE);
	fixture_done(&f);
}

static void test_guard(void **state)
{
	static const struct {
		enum cvf_op op;
		const char *path;
		bool guarded;
	} rows[] = {
		{CVF_OP_READ, "/var/lib/cvf/cvf.db", true},
		{CVF_OP_READ, "/var/lib/cvfx/cvf.db", false},
		{CVF_OP_WRITE, "/etc/cvf/cvfd.json", true},
		{CVF_OP_READ, "/etc/cvf/cvfd.json", false},
		{CVF_OP_CREATE, "/sys/fs/bpf/x", true},
		{CVF_OP_READ, "/sys/fs/bpf/x", false},
		{CVF_OP_UNIX_CONNECT, "/run/cvf/cvfd.sock", true},
		{CVF_OP_UNIX_CONNECT, "/run/cvf/agent.sock", false},
		{CVF_OP_DELETE, "/run/cvf/agent.sock", true},
		{CVF_OP_DELETE, "/run/x/agent.sock", false},
		{CVF_OP_RENAME, "/usr/sbin/cvfd", true},
		{CVF_OP_EXEC_MAP, "/usr/sbin/cvfd", false},
		{CVF_OP_RENAME, "/etc", true},
		{CVF_OP_ATTR, "/etc", false},
		{CVF_OP_RENAME, "/usr/sbin", true},
		{CVF_OP_RENAME, "/usr/sbin/x", false},
		{CVF_OP_WRITE, "/proc/sys/kernel/core_pattern", true},
		{CVF_OP_READ, "/proc/sys/kernel/core_pattern", false},
		{CVF_OP_WRITE, "/sys/kernel/tracing/tracing_on", true},
		{CVF_OP_WRITE, "/proc/sysrq-trigger", true},
		{CVF_OP_READ, "/dev/mem", true},
		{CVF_OP_READ, "/dev/memx", false},
		{CVF_OP_WRITE, "/usr/lib/systemd/system/cvfd.service", true},
		{CVF_OP_WRITE, "/etc/systemd/system/cvfd.service.d/x.conf", true},
		{CVF_OP_WRITE, "/etc/systemd/system/cvs.service", false},
		{CVF_OP_WRITE, "/sys/fs/cgroup/system.slice/cvfd.service/cgroup.freeze", true},
	};
	struct fixture f;

	(void)state;
	/* Whatever is granted, in scope and allowed. */
	fixture_load(&f,
		     "[" CAP("all", "WRITE", "LOW", "{\"file\":[{\"path\":\"/**\",\"ops\":[" OPS "]}]}", "") "," AGENT(
			     ",\"capabilities\":[\"*\"],\"scope\":{\"paths\":[\"/**\"]}") "," POLICY("p", "",
												     "{\"effect\":"
												     "\"ALLOW\"}") "]");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if ((ask(&f, rows[i].op, rows[i].path).reason == CVF_REASON_SELF_GUARD) != rows[i].guarded)
			fail_msg("%s %s", op_name(rows[i].op), rows[i].path);
	expect(&f, CVF_OP_UNIX_CONNECT, "/run/cvf/agent.sock", ALLOW, CVF_REASON_LOW_RISK);
	fixture_done(&f);
}

static void test_other(void **state)
{
	char long_path[CVF_PATH_MAX + 3];
	json_t *trace = json_array();
	struct query q = {.agent = "b", .op = CVF_OP_WRITE, .object = "/r0/x"};
	struct answer a;
	struct fixture f;

	(void)state;
	fixture_load(&f, "[" LEVELS "," AGENT(",\"capabilities\":[\"f.*\"],\"mode\":\"observe\"") "," POLICY(
				 "p", "", "{\"id\":\"x\",\"when\":{\"risk\":[\"R1\"]},\"effect\":\"DENY\"}") "]");
	assert_int_equal(policy_eval(f.m, &q, &a, NULL), -ENOENT);
	q.agent = "a";
	assert_int_equal(policy_eval(f.m, &q, &a, trace), 0);
	assert_int_equal(a.mode, CVF_MODE_OBSERVE);
	assert_int_equal(json_array_size(trace), 5);
	assert_string_equal(json_string_value(json_object_get(json_array_get(trace, 3), "why")),
			    "risk: LOW, the rule wants MEDIUM");
	json_decref(trace);
	memset(long_path, 'x', sizeof(long_path) - 1);
	memcpy(long_path, "/r0/", 4);
	long_path[CVF_PATH_MAX] = '\0';
	q.object = long_path;
	assert_int_equal(policy_eval(f.m, &q, &a, NULL), 0);
	assert_int_equal(a.verdict, ALLOW);
	long_path[CVF_PATH_MAX] = 'x';
	long_path[CVF_PATH_MAX + 1] = '\0';
	assert_int_equal(policy_eval(f.m, &q, &a, NULL), 0);
	assert_int_equal(a.reason, CVF_REASON_PATH_TOO_LONG);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_paths), cmocka_unit_test(test_exec),	cmocka_unit_test(test_net),
		cmocka_unit_test(test_guard),	  cmocka_unit_test(test_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
