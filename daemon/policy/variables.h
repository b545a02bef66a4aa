/* SPDX-License-Identifier: Apache-2.0 */
/*
 * variables.h - ${WORKSPACE}, ${HOME}, ${AGENT} and ${UID}: what a pattern means for one agent
 */
#ifndef CVF_POLICY_VARIABLES_H
#define CVF_POLICY_VARIABLES_H

#include "policy/model.h"

enum { VAR_WORKSPACE, VAR_HOME, VAR_AGENT, VAR_UID, VAR_MAX };

struct variable {
	const char *name; /* "${HOME}" */
	struct texts values;
};

/* What they stand for with this agent; the strings are the agent's or of the pool. -ENOMEM. */
int variables_bind(struct pool *pool, const struct agent *agent, struct variable vars[VAR_MAX]) must_check;
/*
 * Appends to *meaning every text with its variables replaced by each of their values; a text with a variable that has no
 * value means nothing. Lists and strings are of the pool; *meaning begins as {0}. -ENOMEM.
 */
int variables_fill(struct pool *pool, const struct variable vars[VAR_MAX], const struct texts *texts,
		   struct texts *meaning) must_check;
/* Static: "${WORKSPACE}" and so on; NULL past the last. */
const char *variable_name(size_t i);

#endif
