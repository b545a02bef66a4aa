/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.h - which declarations are in force: collect, compile, hand to cvfd, remember
 *
 * Everything that changes what is in force goes through registry_activate(): either all of it happens (compiled, accepted by
 * cvfd, stored) or nothing does.
 */
#ifndef CVF_REGISTRY_H
#define CVF_REGISTRY_H

#include "govern/govern.h"
#include "sources.h"

struct routes;
extern const struct routes registry_routes;

int registry_open(struct governor *g, struct registry **ret_registry) must_check;
void registry_free(struct registry *r);
OWN_DEFINE(registry);

/* Takes what is in force over, without compiling or sending it. For registry.c and for tests. */
void registry_set(struct registry *r, struct origin *take, uint64_t generation);
/* Never NULL after registry_start(). */
const struct model *registry_model(const struct registry *r);
uint64_t registry_generation(const struct registry *r);
/* What is wrong with the declarations on disk while an older set is in force; NULL: nothing. */
const char *registry_problem(const struct registry *r);

/*
 * At start: the declarations as they are, or the last set that was in force, or what the product ships, whichever first can
 * be put in force.
 */
int registry_start(struct governor *g) must_check;

/*
 * Puts the declarations on disk and in the store plus one change (NULL: none) in force, and stores the change. by: who asked.
 * 0; -EINVAL with diagnoses; -EEXIST (see sources.h); -EBADE: cvfd refused the image; others: store or link.
 */
int registry_activate(struct governor *g, const struct change *change, const char *by, struct diags *d) must_check;

/* Every second: standing grants that have run out, and what was asked for by registry_compile_soon(). */
void registry_tick(struct governor *g);
void registry_compile_soon(struct registry *r);

/* The declarations of a generation, from the store; cached. Borrowed until the next call. NULL: not known. */
const struct model *registry_model_of(struct governor *g, uint64_t generation);

#endif
