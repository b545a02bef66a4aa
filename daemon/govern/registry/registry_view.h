/* SPDX-License-Identifier: Apache-2.0 */
/* registry_view.h - diagnoses as JSON; which agent a caller of the agent socket is */
#ifndef CVF_REGISTRY_VIEW_H
#define CVF_REGISTRY_VIEW_H

#include "api/route.h"
#include "core/diag.h"

/* Array of {file, line, column, level, message, hint}; level DIAG_WARNING: warnings only, DIAG_ERROR: all. */
json_t *view_diags(const struct diags *d, enum diag_level least);
/* {"error": {"code", "message", "hint", "diagnoses": [...]}} */
unsigned int refuse_diags(struct request *q, unsigned int status, const char *code, const char *message,
			  const struct diags *d);

/* On the agent socket the id of the agent that asks; NULL on the control socket. */
const char *agent_of_caller(const struct request *q);

#endif
