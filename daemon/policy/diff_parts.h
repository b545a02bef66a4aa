/* SPDX-License-Identifier: Apache-2.0 */
/* diff_parts.h - the parts of a comparison, private to diff*.c */
#ifndef CVF_POLICY_DIFF_PARTS_H
#define CVF_POLICY_DIFF_PARTS_H

#include "policy/model.h"

/* Declarations that are added, removed or changed: [{"kind", "id", "change", "words"}]. */
json_t *diff_changes(const struct model *before, const struct model *after);

struct operation {
	const char *text;   /* as policy explain takes it */
	struct query query; /* without agent and time */
};

/* Each once. Everything is of the pool. */
struct operations {
	struct operation *v;
	size_t n, space;
	struct pool *pool;
	json_t *known;
};

/* Representative operations for an agent of either model; NULL: out of memory. */
struct operations *operations_collect(const struct model *before, const struct model *after, const char *agent);
void operations_free(struct operations *ops);

/* A text that the glob matches, where its wildcards are one letter; of the pool. NULL: out of memory. */
char *glob_example(struct pool *pool, const char *glob);

#endif
