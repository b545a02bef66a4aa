// SPDX-License-Identifier: Apache-2.0
/*
 * verb_export.c - the trail as JSON Lines, for whatever else reads it
 */
#include <string.h>

#include "ask.h"
#include "out.h"
#include "say.h"
#include "trail.h"
#include "trail/ocsf.h"
#include "verbs.h"
#include "when.h"

static int read_moment(const struct call *c, enum option o, int64_t otherwise, int64_t *ret_ms)
{
	time_t moment;

	*ret_ms = otherwise;
	if (!call_has(c, o))
		return DONE;
	if (when_moment(c->option[o], time(NULL), &moment) < 0)
		return say_fail(USAGE, "write 10m, 2025-01-31 or 2025-01-31T08:00:00Z", "--%s: '%s' is no moment", options[o].name,
				c->option[o]);
	*ret_ms = (int64_t)moment * 1000;
	return DONE;
}

/* malformed: how many were left out */
static int print_all(struct store *s, const struct names *names, int64_t since_ms, int64_t until_ms, unsigned int *malformed)
{
	const struct entry *e;
	struct entries entries;
	int r;

	entries_open(s, 0, &entries);
	while ((r = entries_next(&entries, &e)) > 0) {
		own_json json_t *view = NULL;

		if (e->time_ms < since_ms || e->time_ms > until_ms)
			continue;
		view = ocsf_view(s, names, e);
		if (view)
			out_json(stdout, view);
		else
			++*malformed;
		if (ferror(stdout)) {
			entries_close(&entries);
			return -EPIPE;
		}
	}
	return r;
}

int verb_audit_export(const struct call *c)
{
	own(store) struct store *s = NULL;
	struct names names;
	unsigned int malformed = 0;
	int64_t since_ms, until_ms;
	int r = read_moment(c, OPT_SINCE, INT64_MIN, &since_ms);

	if (r == DONE)
		r = read_moment(c, OPT_UNTIL, INT64_MAX, &until_ms);
	if (r == DONE)
		r = trail_store_open(c, &s);
	if (r != DONE)
		return r;
	r = names_load(s, &names);
	if (r == 0)
		r = print_all(s, &names, since_ms, until_ms, &malformed);
	names_done(&names);
	if (r < 0)
		return say_fail(REFUSED, NULL, "the trail of %s cannot be exported: %s", trail_store_path(c), strerror(-r));
	if (malformed)
		return say_fail(REFUSED, "cvfctl audit verify names them", "%u entries are malformed and were left out", malformed);
	return DONE;
}
