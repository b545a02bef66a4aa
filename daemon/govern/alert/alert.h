/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert.h - what somebody should look at: said once while it lasts, with the reason in words, until it was not seen for a while
 *
 * Of the host: nothing is enforced, records were lost, a question timed out unanswered, an objective's budget burns. Of an
 * agent: it does more of something than ever, nothing at all, or other things, compared with its own week before.
 */
#ifndef CVF_ALERT_H
#define CVF_ALERT_H

#include "govern/govern.h"

struct routes;
extern const struct routes alert_routes;

#define ALERT_CLEAR_MS (15 * 60 * 1000)	/* not noticed for so long: it is over */
#define ALERT_KEPT_MS (90ll * 86400 * 1000)

/* Looks at the host and at every agent, with the time given; one transaction. */
int alert_evaluate(struct governor *g, int64_t now_ms) must_check;
/* Every second: a few agents at a time, the host once in ten seconds. */
void alert_tick(struct governor *g);

#endif
