/* SPDX-License-Identifier: Apache-2.0 */
/* explain.h - why an operation got what it got, or what it would get */
#ifndef CVF_EXPLAIN_H
#define CVF_EXPLAIN_H

#include "api/route.h"
#include "govern/govern.h"

extern const struct routes explain_routes;
extern const struct shape answer_shape;

unsigned int explain_event(struct request *q);
/* Adds "reason_text" and "rule_text" to the view of a record. */
void explain_words(struct governor *g, const struct cvf_record *r, json_t *to);

#endif
