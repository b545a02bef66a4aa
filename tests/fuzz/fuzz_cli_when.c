// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_cli_when.c - any argument as a duration, a moment, or a part of a request: in bounds, printed and read again, and one segment
 */
#include <assert.h>
#include <string.h>

#include "core/own.h"
#include "../../cli/url.h"
#include "../../cli/when.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_url(const char *text)
{
	const char *const in_path[] = { text, NULL };
	struct url u = url_make("GET", "/v1/agents/{id}/mode", in_path, NULL, NULL);
	size_t slashes = 0;

	assert(u.text);
	for (const char *c = u.text; *c; c++) {
		slashes += *c == '/';
		assert(*c > ' ' && *c < 0x7f && *c != '?' && *c != '#');
	}
	assert(slashes == 4);
	url_done(&u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_free char *text = malloc(size + 1);
	char printed[WHEN_MAX];
	int64_t seconds;
	time_t moment, again;

	assert(text);
	memcpy(text, data, size);
	text[size] = 0;
	if (when_duration(text, &seconds) == 0)
		assert(seconds > 0);
	if (when_moment(text, 1790000000, &moment) == 0 && moment > 0 && moment < 4000000000) {
		when_print(moment, printed);
		assert(when_moment(printed, 1790000000, &again) == 0 && again == moment);
	}
	check_url(text);
	return 0;
}
