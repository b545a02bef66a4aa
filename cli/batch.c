// SPDX-License-Identifier: Apache-2.0
#include "batch.h"

#include "escape.h"
#include "out.h"

#include <stdint.h>
#include <string.h>

static void put_document(const struct batch *b, bool is_done, const json_t *list)
{
	own_json json_t *document = json_pack("{s:b, s:s, s:O}", b->done_key, is_done, "until", b->until, b->list_key,
					      (json_t *)(uintptr_t)list);

	if (document)
		out_json(stdout, document);
}

static void put_option(enum option o, const char *value)
{
	printf(" --%s ", options[o].name);
	escape_word(stdout, value, strlen(value));
}

/* What --yes would do, and the words that do exactly this. */
static int show(const struct call *c, const struct batch *b, const json_t *chosen)
{
	if (out_table(stdout, chosen, b->columns, b->columns_count, b->empty) < 0)
		return say_no_memory();
	if (!json_array_size(chosen))
		return DONE;
	printf("\nNothing is %s yet. To %s these %zu%s:\n    cvfctl %s", b->done, b->verb, json_array_size(chosen), b->ending,
	       b->command);
	for (size_t i = 0; i < b->filters_count; i++)
		if (call_has(c, b->filters[i]))
			put_option(b->filters[i], c->option[b->filters[i]]);
	put_option(b->until_option, b->until);
	puts(" --yes");
	return DONE;
}

/* Goes on after one that failed: somebody else did it, or it is gone. Where nobody answers or may, nothing else will do. */
static int go(const struct call *c, const struct batch *b, const json_t *chosen, json_t *replies)
{
	const json_t *item;
	int worst = DONE;
	size_t i;

	json_array_foreach(chosen, i, item) {
		const char *id = out_text(item, "id", "");
		json_t *reply = NULL;
		int r = b->one(c, b->ctx, id, &reply);

		if (r != DONE) {
			worst = r;
			if (r == NO_DAEMON || r == NOT_PERMITTED)
				break;
			continue;
		}
		if (!call_has(c, OPT_JSON))
			b->put(b->ctx, id, reply);
		json_array_append_new(replies, reply);
	}
	return worst;
}

int batch_run(const struct call *c, const struct batch *b, const json_t *chosen)
{
	bool is_json = call_has(c, OPT_JSON), goes = call_has(c, OPT_YES);
	own_json json_t *replies = json_array();
	int r = DONE;

	if (goes)
		r = go(c, b, chosen, replies);
	if (is_json)
		put_document(b, goes, goes ? replies : chosen);
	else if (!goes)
		r = show(c, b, chosen);
	else if (!json_array_size(chosen))
		puts(b->empty);
	return r;
}
