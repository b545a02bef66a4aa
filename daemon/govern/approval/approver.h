/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approver.h - who may approve one hold at all: not who asked, and by its risk an approver or a person on duty
 *
 * Who asked is the user that the operation runs as, and the owner of its agent where that is a user's name. Root is neither:
 * it can become anybody, and what is CRITICAL needs a person's second factor of root as well. Refusing is open to all.
 */
#ifndef CVF_APPROVER_H
#define CVF_APPROVER_H

#include "api/route.h"
#include "approval.h"

/* h with its record. */
bool approver_is_requester(struct governor *g, const struct hold *h, const struct caller *c);
bool approver_has_role(const struct hold *h, const struct caller *c);
/* Is the caller one of those whom the rule names, or of those who are asked by now because nobody answered; itself or as a delegate. */
bool approver_is_asked(struct governor *g, const struct caller *c, const struct peer *p, const struct hold *h,
		       const struct quorum *quorum);
/* Names of the users who may approve a hold now: an array of strings. NULL: the store cannot say, or no memory. */
json_t *approver_users(struct governor *g, const char *hold);
/*
 * Answers a hold for caller_of(q), as far as that may: the status, with the hold as the reply or the refusal. digest: what was
 * shown, NULL: not said. d->by NULL: the caller's name.
 */
unsigned int approval_answer(struct request *q, const char *id, const char *digest, struct decision *d);
/* The digest that the approver was shown, 16 digits: is it this hold's? */
bool approver_saw(const struct hold *h, const char *digest);

#endif
