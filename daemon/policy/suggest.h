/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suggest.h - from what an agent did to the least declaration that covers it
 *
 * Suggested are the grants that it used and its profile does not give, the places that it changed, and a policy: what it
 * did under HIGH inside of its places is allowed for a while, what it was not seen doing is held. Never suggested:
 * anything CRITICAL, secrets, code that others will run, what a policy denies, folders of the system, and places at the
 * top of the file system. An earlier suggestion that is in force is not looked at.
 */
#ifndef CVF_POLICY_SUGGEST_H
#define CVF_POLICY_SUGGEST_H

#include "policy/policy.h"

#define SUGGEST_GRANT_DAYS 90 /* how long what is HIGH is suggested to be allowed */

struct suggestion;

/*
 * The model is a copy of what is in force, borrowed and changed: agents that stand in for it are put in. now:
 * for standing grants and for judging. -ENOENT: no such agent; -ENOMEM.
 */
int suggestion_new(struct model *m, const char *agent, time_t now, struct suggestion **ret_suggestion) must_check;
void suggestion_free(struct suggestion *s);
OWN_DEFINE(suggestion);
/*
 * An operation that it did; its agent is not looked at. All are added twice: suggestion_settle() stands between, when the
 * places are known that it needs. -ENOMEM.
 */
int suggestion_add(struct suggestion *s, const struct query *q) must_check;
int suggestion_settle(struct suggestion *s) must_check;
/* A capability that counters say it used, where what is LOW leaves no record. */
void suggestion_used(struct suggestion *s, const char *capability);
/*
 * After the second round: {"agent": declaration, "policy": declaration or null, "report": [lines], "operations"}; owned by
 * the caller. NULL: out of memory.
 */
json_t *suggestion_result(struct suggestion *s);

#endif
