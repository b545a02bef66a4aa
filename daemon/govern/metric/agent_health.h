/* SPDX-License-Identifier: Apache-2.0 */
/* agent_health.h - how each agent has fared in the last hour, with the reasons in words */
#ifndef CVF_AGENT_HEALTH_H
#define CVF_AGENT_HEALTH_H

#include <jansson.h>

#include "govern/govern.h"

#define HEALTH_LEAST 5		/* executions; with fewer there is nothing to say about rates */
#define HEALTH_BAD 50		/* percent */
#define HEALTH_DEGRADED 20	/* percent */
#define HEALTH_WAIT_S 60	/* an operation that waits longer is worth a word */

/* agent: its id; NULL: all of them, as an array. NULL: none such, or the store cannot be read. */
json_t *agent_health_view(struct governor *g, const char *agent, int64_t now_ms);

#endif
