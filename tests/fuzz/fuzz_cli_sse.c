// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_cli_sse.c - any bytes as a stream of events, in pieces of every size: the messages are the same however it is cut
 */
#include <assert.h>
#include <string.h>

#include "../../cli/follow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	size_t n, bytes;
};

static void add(void *ctx, const char *text)
{
	struct sum *sum = ctx;

	sum->n++;
	sum->bytes += strlen(text);
}

static struct sum feed(const char *bytes, size_t size, size_t piece)
{
	struct sum sum = { 0 };
	struct sse s = { .on_message = add, .ctx = &sum };

	for (size_t at = 0; at < size; at += piece)
		sse_feed(&s, bytes + at, size - at < piece ? size - at : piece);
	sse_restart(&s);
	sse_done(&s);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sum whole = feed((const char *)data, size, size ? size : 1), cut = feed((const char *)data, size, 1 + size % 7);

	assert(whole.n == cut.n && whole.bytes == cut.bytes);
	return 0;
}
