/* SPDX-License-Identifier: Apache-2.0 */
/* stats.h - how much people are asked, what they say, and how long they look at it before they say it */
#ifndef CVF_STATS_H
#define CVF_STATS_H

#include "api/view.h"
#include "govern/govern.h"

/* Answers faster than this were not read. */
#define QUICK_MS 2000

/* Questions asked since then; NULL: the store cannot be read. The members are described with the route. */
json_t *stats_view(struct governor *g, int64_t since_ms);

#endif
