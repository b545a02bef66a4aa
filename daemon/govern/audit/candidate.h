/* SPDX-License-Identifier: Apache-2.0 */
/* candidate.h - what is in force together with declarations that are only tried */
#ifndef CVF_CANDIDATE_H
#define CVF_CANDIDATE_H

#include "api/route.h"
#include "govern/govern.h"
#include "govern/registry/sources.h"

struct candidate {
	struct origin origin;
	uint64_t generation; /* that it was made from */
};
void candidate_done(struct candidate *c);
/*
 * From the request's body (capabilities, agents and policies; they take the place of those of the same id); no body: what
 * is on disk. 0, or the status of the refusal.
 */
unsigned int candidate_make(struct request *q, struct candidate *ret_candidate);
/* Only what is in force, as a copy of its own. 0 or a negative errno. */
int candidate_copy(struct governor *g, struct candidate *ret_candidate) must_check;
/* -ESTALE: something else is in force by now. */
int candidate_check(const struct governor *g, const struct candidate *c) must_check;

#endif
