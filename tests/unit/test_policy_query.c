// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_query.c - operations as people write them, and the words that answers use
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/policy.h"

/* Splits at spaces; the words live in `line`. */
static int parse(char *line, struct query *q, struct diags *d)
{
	char *words[16], *save;
	size_t n = 0;

	for (char *w = strtok_r(line, " ", &save); w && n < 16; w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	return query_parse(words, n, q, d);
}

static void test_good(void **state)
{
	static const struct {
		const char *line;
		enum cvf_op op;
		const char *object, *object2;
		size_t args;
	} rows[] = {
		{"exec /usr/bin/git push origin", CVF_OP_EXEC, "/usr/bin/git", NULL, 2},
		{"exec /usr/bin/ls", CVF_OP_EXEC, "/usr/bin/ls", NULL, 0},
		{"read /etc/passwd", CVF_OP_READ, "/etc/passwd", NULL, 0},
		{"write /", CVF_OP_WRITE, "/", NULL, 0},
		{"mkdir /a", CVF_OP_CREATE, "/a", NULL, 0},
		{"rmdir /a", CVF_OP_DELETE, "/a", NULL, 0},
		{"rename /a /b", CVF_OP_RENAME, "/a", "/b", 0},
		{"rename /a", CVF_OP_RENAME, "/a", NULL, 0},
		{"link /a /b", CVF_OP_LINK, "/a", "/b", 0},
		{"exec-map /a.so", CVF_OP_EXEC_MAP, "/a.so", NULL, 0},
		{"unix-connect //abstract/x", CVF_OP_UNIX_CONNECT, "//abstract/x", NULL, 0},
		{"truncate /a..b/.c", CVF_OP_TRUNCATE, "/a..b/.c", NULL, 0},
		{"mount", CVF_OP_MOUNT, NULL, NULL, 0},
		{"bpf", CVF_OP_BPF, NULL, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diags d = {0};
		struct query q;
		char line[128];

		strcpy(line, rows[i].line);
		assert_int_equal(parse(line, &q, &d), 0);
		assert_int_equal(q.op, rows[i].op);
		if (rows[i].object)
			assert_string_equal(q.object, rows[i].object);
		else
			assert_null(q.object);
		if (rows[i].object2)
			assert_string_equal(q.object2, rows[i].object2);
		else
			assert_null(q.object2);
		assert_int_equal(q.args_count, rows[i].args);
	}
}

static void test_net(void **state)
{
	static const struct {
		const char *line;
		uint8_t address[16];
		uint16_t port;
		enum cvf_proto protocol;
	} rows[] = {
		{"connect 10.0.0.1:443", {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1}, 443, CVF_PROTO_TCP},
		{"connect [::1]:22 tcp", {[15] = 1}, 22, CVF_PROTO_TCP},
		{"send 10.0.0.1:53 udp", {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1}, 53, CVF_PROTO_UDP},
		{"bind ::1:8080", {[15] = 1}, 8080, CVF_PROTO_TCP},
		{"connect localhost:1", {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}, 1, CVF_PROTO_TCP},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diags d = {0};
		struct query q;
		char line[128];

		strcpy(line, rows[i].line);
		assert_int_equal(parse(line, &q, &d), 0);
		assert_memory_equal(q.address, rows[i].address, 16);
		assert_int_equal(q.port, rows[i].port);
		assert_int_equal(q.protocol, rows[i].protocol);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *line, *hint;
	} rows[] = {
		{"", "exec PATH"},
		{"wriet /a", "\"write\""},
		{"frobnicate /a", "exec PATH"},
		{"write", "PATH"},
		{"write /a /b", "PATH"},
		{"write a", "from the root"},
		{"exec git push", "/usr/bin/git"},
		{"write /a/../b", "/../"},
		{"write /a//b", "//"},
		{"write /a/", "slash"},
		{"rename /a /b /c", "NEW-PATH"},
		{"connect 10.0.0.1", "ADDRESS:PORT"},
		{"connect 10.0.0.1:65536", "ADDRESS:PORT"},
		{"connect 10.0.0.1:x", "ADDRESS:PORT"},
		{"connect 10.0.0.0/8:22", "ADDRESS:PORT"},
		{"connect [::1:22", "ADDRESS:PORT"},
		{"connect github.com:443", "look the name up"},
		{"connect 10.0.0.1:1 icmp", "tcp or udp"},
		{"mount /a", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diags d = {0};
		struct query q;
		char line[128];

		strcpy(line, rows[i].line);
		assert_int_equal(parse(line, &q, &d), -EINVAL);
		assert_int_equal(d.n, 1);
		if (rows[i].hint && !(d.v[0].hint && strstr(d.v[0].hint, rows[i].hint)))
			fail_msg("%s: %s", rows[i].line, d.v[0].hint ? d.v[0].hint : "no hint");
		diags_done(&d);
	}
}

static void test_words(void **state)
{
	(void)state;
	for (unsigned int op = 1; op < CVF_OP_MAX; op++)
		assert_int_equal(op_find(op_name((enum cvf_op)op)), op);
	assert_int_equal(op_find("none"), CVF_OP_NONE);
	assert_null(op_name(CVF_OP_MAX));
	assert_string_equal(reason_word(CVF_REASON_IN_SCOPE), "in-scope");
	assert_string_equal(reason_word(CVF_REASON_MAX), "none");
	assert_true(strlen(reason_sentence(CVF_REASON_MAX)) > 0);
	assert_string_equal(risk_name(CVF_R3), "CRITICAL");
	assert_string_equal(risk_class(CVF_R0), "R0");
	assert_string_equal(decision_name(SCOPE_GUARD), "SCOPE_GUARD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_net),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
