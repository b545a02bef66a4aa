// SPDX-License-Identifier: Apache-2.0
/* test_api_ws.c - the handshake of RFC 6455's own example, frames of every length, and what a client may send */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "api/ws.h"

static void test_the_example_of_the_standard(void **state)
{
	static const char *const bad[] = { "", "x", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ==x", "dGhlIHNhbXBsZSBub25jZTEyMzQ1Njc4OTA=", "AAAA" };
	char accept[WS_ACCEPT_SIZE];

	(void)state;
	assert_true(ws_accept("dGhlIHNhbXBsZSBub25jZQ==", accept));
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(ws_accept(bad[i], accept));
}

static void test_heads(void **state)
{
	static const struct {
		size_t size, head;
		unsigned char bytes[WS_HEAD_MAX];
	} cases[] = {
		{ 0, 2, { 0x81, 0 } },
		{ 125, 2, { 0x81, 125 } },
		{ 126, 4, { 0x81, 126, 0, 126 } },
		{ 65535, 4, { 0x81, 126, 0xff, 0xff } },
		{ 65536, 10, { 0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0 } },
	};
	unsigned char head[WS_HEAD_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(ws_head(WS_TEXT, cases[i].size, head), cases[i].head);
		assert_memory_equal(head, cases[i].bytes, cases[i].head);
	}
}

static int read_all(const unsigned char *p, size_t n, enum ws_op *ret_op, size_t *ret_size, struct ws_reader *r)
{
	size_t used;
	int result = 0;

	*r = (struct ws_reader){ 0 };
	for (size_t i = 0; !result && i < n; i++) /* a byte at a time */
		result = ws_read(r, p + i, 1, &used, ret_op, ret_size);
	return result;
}

static void test_what_a_client_may_say(void **state)
{
	static const unsigned char ping[] = { 0x89, 0x82, 1, 2, 3, 4, 'h' ^ 1, 'i' ^ 2 }, empty[] = { 0x8a, 0x80, 0, 0, 0, 0 },
				   closing[] = { 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8 };
	struct ws_reader r;
	enum ws_op op;
	size_t size, used;

	(void)state;
	assert_int_equal(read_all(ping, sizeof(ping), &op, &size, &r), 1);
	assert_int_equal(op, WS_PING);
	assert_int_equal(size, 2);
	assert_memory_equal(r.payload, "hi", 2);
	assert_int_equal(read_all(empty, sizeof(empty), &op, &size, &r), 1);
	assert_int_equal(op, WS_PONG);
	assert_int_equal(read_all(closing, sizeof(closing), &op, &size, &r), 1);
	assert_int_equal(op, WS_CLOSE);
	r = (struct ws_reader){ 0 };
	assert_int_equal(ws_read(&r, ping, sizeof(ping) - 1, &used, &op, &size), 0);
	assert_int_equal(used, sizeof(ping) - 1);
}

static void test_what_it_may_not(void **state)
{
	static const struct {
		unsigned char bytes[2];
		int result;
	} cases[] = {
		{ { 0x81, 0x80 }, -EMSGSIZE }, { { 0x82, 0x80 }, -EMSGSIZE }, { { 0x80, 0x80 }, -EMSGSIZE }, { { 0x01, 0xff }, -EMSGSIZE },
		{ { 0x89, 0x00 }, -EPROTO }, /* not masked */ { { 0x09, 0x80 }, -EPROTO }, /* in parts */
		{ { 0x89, 0xfe }, -EPROTO }, /* too long */ { { 0xc9, 0x80 }, -EPROTO }, /* an extension */ { { 0x83, 0x80 }, -EPROTO },
	};
	struct ws_reader r;
	enum ws_op op;
	size_t size;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(read_all(cases[i].bytes, 2, &op, &size, &r), cases[i].result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_example_of_the_standard),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_what_a_client_may_say),
		cmocka_unit_test(test_what_it_may_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
