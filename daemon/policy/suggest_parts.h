/* SPDX-License-Identifier: Apache-2.0 */
/* suggest_parts.h - what a suggestion is made of, private to suggest*.c */
#ifndef CVF_POLICY_SUGGEST_PARTS_H
#define CVF_POLICY_SUGGEST_PARTS_H

#include "policy/path_tree.h"
#include "policy/plan.h"
#include "policy/suggest.h"

#define SUGGESTION_BARE "cvf-suggest-bare"
#define EXAMPLES_MAX 3	   /* operations shown of what is not suggested */
#define ADDRESSES_MAX 64   /* kept apart; more of them are their networks */
#define OBJECTS_MAX  20000 /* paths kept for what is HIGH */

/* What is to be said about a capability when all has been seen. */
struct use {
	uint64_t operations;
	bool refused;	    /* not to be suggested: why */
	const char *why;
	json_t *examples;
	json_t *objects; /* HIGH, of files: path -> true */
};

struct suggestion {
	struct model *m;
	const struct plan *plan;
	const struct bound_agent *agent; /* with every grant and the scope of its profile: what rules say, and where */
	const struct bound_agent *bare;	 /* with nothing but its profile: what that grants */
	json_t *own;			/* its declaration as it was, normalised */
	time_t now;
	struct use *uses;	/* [capability] */
	struct use unregistered;
	struct path_tree *places; /* of what is MEDIUM, outside of the profile's scope and of the kept one */
	struct nfa scope;	/* its own scope as declared: pattern i is scope.paths[i] */
	bool *kept;		/* [i]: something was done there */
	struct texts scope_paths;
	json_t *addresses;	/* text -> true */
	uint64_t operations, guarded, denied;
};

bool suggestion_in_kept_scope(struct suggestion *s, const char *path, bool mark);

#endif
