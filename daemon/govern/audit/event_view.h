/* SPDX-License-Identifier: Apache-2.0 */
/* event_view.h - records as JSON, and records as questions to the policy library */
#ifndef CVF_EVENT_VIEW_H
#define CVF_EVENT_VIEW_H

#include "api/shape.h"
#include "api/view.h"
#include "event_table.h"
#include "govern/govern.h"

#define RISK_WORDS "LOW|MEDIUM|HIGH|CRITICAL"
extern const struct shape event_shape;
/* One event, all fields; NULL when memory is short. */
json_t *event_view(struct governor *g, const struct event_row *row);

/* Parts that holds show too. */
const char *record_capability(struct governor *g, const struct cvf_record *r, char *room, size_t size);
json_t *record_object(const struct cvf_record *r);	/* path, "address:port", or null */
json_t *record_address(const struct cvf_record *r);	/* null unless the operation has one */
json_t *record_args(const char *p, size_t n);		/* array of strings */
json_t *record_session(struct governor *g, int64_t boot, const struct cvf_record *r);
json_t *record_skill(struct governor *g, int64_t boot, const struct cvf_record *r);
const char *verdict_word(unsigned int verdict);		/* NULL: none */
unsigned int verdict_find(const char *word);		/* 0: unknown */

/* exe, argv and cwd of the acting program: what the record carries, else what its exec_id names. */
void record_program(struct governor *g, int64_t boot, const struct cvf_record *r, json_t *to);

/*
 * The same question again. Strings live as long as the struct. -ENODATA: parts of it were cut off or are not known, so it
 * cannot be asked again faithfully.
 */
struct question {
	struct query query;
	char *texts;		/* malloc'ed copies */
	const char **args;
};
int question_of_record(struct governor *g, const struct cvf_record *r, time_t now, struct question *ret_question) must_check;
/* Of what waits: with the arguments as they were, for comparing. Nothing of it may be stored or shown. */
int question_of_hold(struct governor *g, const struct cvf_record *r, time_t now, struct question *ret_question) must_check;
void question_done(struct question *q);

#endif
