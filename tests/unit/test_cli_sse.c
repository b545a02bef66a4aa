// SPDX-License-Identifier: Apache-2.0
/*
 * Strategy: the same stream, cut at every possible place, gives the same messages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../cli/follow.h"

#include <string.h>

struct log {
	char text[256];
};

static void on_message(void *ctx, const char *data)
{
	struct log *l = ctx;

	snprintf(l->text + strlen(l->text), sizeof(l->text) - strlen(l->text), "[%s]", data);
}

static const char stream[] = ": a comment\n\nid: 7\nevent: x\ndata: {\"a\":1}\n\nid:8\r\ndata: "
			     "one\r\ndata:two\r\n\r\ndata\nretry: 5\n\n"
			     "database: no\n\nid: 9\ndata: cut";

static void cut_anywhere(void **state)
{
	(void)state;
	for (size_t cut = 0; cut < sizeof(stream); cut++) {
		struct log l = { "" };
		struct sse s = { .on_message = on_message, .ctx = &l };

		sse_feed(&s, stream, cut);
		sse_feed(&s, stream + cut,
			 sizeof(stream) - 1 - (cut < sizeof(stream) - 1 ? cut : sizeof(stream) - 1));
		assert_string_equal(l.text, "[{\"a\":1}][one\ntwo]");
		assert_string_equal(s.id, "8");
		assert_false(s.failed);
		sse_done(&s);
	}
}

static void endless_line_is_refused(void **state)
{
	static char block[65536];
	struct log l = { "" };
	struct sse s = { .on_message = on_message, .ctx = &l };

	(void)state;
	memset(block, 'x', sizeof(block));
	for (size_t i = 0; i < SSE_LINE_MAX / sizeof(block); i++)
		sse_feed(&s, block, sizeof(block));
	assert_false(s.failed);
	sse_feed(&s, block, 1);
	assert_true(s.failed);
	sse_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(cut_anywhere),
					    cmocka_unit_test(endless_line_is_refused) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
