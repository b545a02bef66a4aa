/* SPDX-License-Identifier: Apache-2.0 */
/* event_api.h - routes of the audit trail */
#ifndef CVF_EVENT_API_H
#define CVF_EVENT_API_H

#include "api/route.h"
#include "event_table.h"

struct governor;
extern const struct routes event_routes;

/* A filter and the set that it borrows. */
struct event_query {
	struct event_filter filter;
	struct event_set set;
	bool has_set;
	bool is_empty;			/* names an agent or a capability that never was: nothing matches */
};
void event_query_done(struct event_query *q);
/* Reads the query parameters. 0, or the status of the refusal. */
unsigned int event_query_read(struct request *q, struct event_query *ret_query);
/* One walk of it, see event_table_each(). */
int event_query_each(struct governor *g, struct event_query *q, int (*each)(void *ctx, const struct event_row *row), void *ctx,
		     struct event_scan *ret_scan) must_check;
/* Moves the lower end of a walk by position up to where its period can begin. */
int event_skip_before(struct governor *g, struct event_filter *f) must_check;
/* The last refusals of an agent (0: of all), newest first, with their reasons in words; before: only older ones than this event. */
/* *ret_more: where it goes on when it was cut before the limit was reached; "": it was not. */
json_t *event_refusals(struct governor *g, uint32_t agent, const char *before, int64_t limit, char ret_more[ULID_SIZE]);

#endif
