/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quorum.h - holds that named or several people must approve, as the rules of now want it
 *
 * Each person's approval is durable before it counts; the hold is approved when enough of those whom the rule names have.
 * An approval that was given to other approvers (the rule was changed meanwhile) does not count. A denial needs one.
 */
#ifndef CVF_QUORUM_H
#define CVF_QUORUM_H

#include "api/route.h"
#include "approval.h"

/* h with its record. Borrows from the model in force. What cannot be judged again needs what its rule, or the strictest, does. */
void quorum_of_hold(struct governor *g, const struct hold *h, struct quorum *ret_quorum);

/* May the caller approve it so? 0, or the status of the refusal. */
unsigned int quorum_check(struct request *q, const char *id, const struct decision *d, const struct quorum *quorum);
/* Keeps the caller's approval. 1: enough have approved; 0: more are needed; negative errno. */
int quorum_consent(struct request *q, const char *id, const struct decision *d, const struct quorum *quorum) must_check;

/* Sets "quorum", "approvers" and "approved_by" of a hold, with its record. */
void quorum_view(struct governor *g, const struct hold *h, json_t *to);

#endif
