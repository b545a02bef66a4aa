// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_records.c - the tail of a RECORDS packet: whatever is believed can be shown as JSON and asked again
 */
#include <stdint.h>
#include <sodium.h>
#include <string.h>

#include "../support/governor.h"
#include "core/event.h"
#include "govern/audit/event_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(struct governor *g, const struct cvf_record *r)
{
	static const uint8_t hash[CHAIN_BYTES];
	struct event_row row = { .n = 1, .id = "x", .boot = 1, .time_ms = 1, .record = r, .hash = hash };
	struct question q;
	struct answer a;
	json_t *view = event_view(g, &row);
	char *text = json_dumps(view, 0);

	if (!text)
		abort(); /* a record that cannot be shown */
	free(text);
	json_decref(view);
	if (question_of_record(g, r, 0, &q) == 0) {
		if (policy_eval(registry_model(g->registry), &q.query, &a, NULL) == 0 && a.verdict == CVF_VERDICT_NONE)
			abort();
		question_done(&q);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct governor *g;
	static char tail[49152] __attribute__((aligned(8)));
	const struct cvf_record *r;
	enum record_fault fault;
	size_t off = 0, before = 0;
	int result;

	if (!g && sodium_init() >= 0)
		g = governor_make(":memory:");
	if (size > sizeof(tail))
		return 0;
	memcpy(tail, data, size);
	while ((result = records_next(tail, size, &off, &r, &fault))) {
		if (off <= before || off > size)
			abort(); /* no progress, or past the end */
		before = off;
		if (result > 0)
			show(g, r);
		else
			(void)record_fault_text(fault);
	}
	return 0;
}
