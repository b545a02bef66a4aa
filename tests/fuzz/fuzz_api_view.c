// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_api_view.c - any bytes of an agent as the API shows them: a path that is no UTF-8, a refusal that quotes a request
 */
#include <assert.h>
#include <string.h>

#include "api/route.h"
#include "api/view.h"
#include "json/plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(json_t *document)
{
	own_free char *text = document ? json_plain(document, JSON_COMPACT) : NULL;
	json_t *back;

	assert(text);
	for (const char *at = text; *at; at++)
		assert(*at >= 0x20 && *at < 0x7f);
	back = json_loads(text, JSON_DECODE_ANY, NULL);
	assert(back && json_equal(back, document));
	json_decref(back);
	json_decref(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_free char *text = strndup((const char *)data, size);
	struct request q = { 0 };

	check(view_bytes((const char *)data, size));
	check(view_text(text));
	assert(refuse(&q, 404, "not-found", NULL, "there is no %s", text) == 404);
	check(q.reply);
	return 0;
}
