/* SPDX-License-Identifier: Apache-2.0 */
/*
 * top.h - one look at what agents do now: documents of the API made into one, and that into a page of text
 */
#ifndef CVF_CLI_TOP_H
#define CVF_CLI_TOP_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

/* What was asked: borrowed. NULL: not known. */
struct top_answers {
	const json_t *status, *counters, *health, *holds, *refusals;
};

/* Sums by agent: {"coder-1": {"allow", "deny", "hold"}}; "": those that no single agent can be told for. */
json_t *top_sums(const json_t *counters);
/*
 * {"time", "interval_s", "status", "rates", "agents", "holds", "refusals"}. Rates are per second since the sums of before; null
 * where there are none. before may be NULL. The busiest agents come first.
 */
json_t *top_document(const struct top_answers *now, const json_t *sums, const json_t *before, double interval_s);
/* trouble: a sentence in the place of the second line, escaped; NULL: none. lines 0: all there is. */
int top_print(FILE *out, const json_t *document, const char *trouble, size_t lines);

#endif
