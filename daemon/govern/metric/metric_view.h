/* SPDX-License-Identifier: Apache-2.0 */
/* metric_view.h - sums of a period by agent, capability and skill, as JSON */
#ifndef CVF_METRIC_VIEW_H
#define CVF_METRIC_VIEW_H

#include <jansson.h>

#include "execution_table.h"
#include "govern/govern.h"
#include "rollup.h"

/* NULL: the store cannot be read, or no memory. */
json_t *metric_view(struct governor *g, enum period p, int64_t now_ms);
json_t *execution_view(struct governor *g, const struct execution *e);

#endif
