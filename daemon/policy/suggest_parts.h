/* SPDX-License-Identifier: Apache-2.0 */
/* suggest_parts.h - what a suggestion is made of, private to suggest*.c */
#ifndef CVF_POLICY_SUGGEST_PARTS_H
#define CVF_POLICY_SUGGEST_PARTS_H

#include "policy/path_tree.h"
#include "policy/plan.h"
#include "policy/suggest.h"

#define SUGGESTION_BARE	  "cvf-suggest-bare"
#define SUGGESTION_POLICY "learned-%s" /* id of its policy, by agent */
#define EXAMPLES_MAX 3	   /* operations shown of what is not suggested */
#define ADDRESSES_MAX 64   /* kept apart; more of them are their networks */
#define OBJECTS_MAX  20000 /* paths kept for what is HIGH */

/* What is to be said about a capability when all has been seen. */
struct use {
	uint64_t operations;
	uint64_t asked;	   /* of them: by what is suggested */
	const char *why;   /* it is never suggested; NULL: it may be */
	json_t *examples;  /* of what is not suggested or asked for */
	json_t *objects;   /* HIGH, of files, in the suggested scope: path -> true */
	bool is_of_system; /* it was done in folders of the system */
};

/*
 * All operations are looked at twice: first for the places that the agent needs, then, with these as its scope, for what
 * they come to: what is in its scope is another capability than the same elsewhere.
 */
struct suggestion {
	struct model *m;
	const struct plan *plan;
	const struct planned_agent *agent; /* with every grant: what rules say, and where */
	const struct planned_agent *bare;	 /* with nothing but its profile: what that grants */
	json_t *own;			 /* its declaration as it was, normalised */
	time_t now;
	struct use *uses; /* [capability] */
	struct use unregistered;
	struct path_tree *places; /* of what is MEDIUM, outside of the profile's scope and of the kept one */
	struct path_tree *system; /* the same in folders of the system, which are not suggested */
	struct nfa scope;	  /* its own scope as declared: pattern i is scope.paths[i] */
	bool *kept;		  /* [i]: something was done there */
	struct texts scope_paths;
	json_t *addresses; /* text -> true */
	json_t *added;	   /* patterns of places; NULL: still looking */
	json_t *suggested; /* {"paths", "net"}: its scope from now on */
	uint64_t operations, guarded, denied;
};

#endif
