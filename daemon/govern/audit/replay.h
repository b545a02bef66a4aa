/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.h - what recorded operations would have come to under declarations that are tried
 *
 * Judged are records of operations; what the kernel could not judge, and what is not whole in its record, is counted and
 * left out. What was LOW and allowed has no record.
 */
#ifndef CVF_REPLAY_H
#define CVF_REPLAY_H

#include "candidate.h"
#include "event_api.h"

#define REPLAY_DIFFERENCES_MAX 20

/* Takes the candidate and the query. A status like a handler. */
unsigned int replay_start(struct request *q, struct candidate *take, struct event_query *take_query);

#endif
