/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finder.h - of a long list in order of rank, the items whose pattern matches, without asking each of them
 */
#ifndef CVF_POLICY_FINDER_H
#define CVF_POLICY_FINDER_H

#include <stddef.h>
#include <stdint.h>

#include "core/own.h"

struct pool;

struct finder {
	struct finder_key {
		uint32_t pattern, at; /* at: place in the list */
	} * v;			      /* sorted */
	size_t n;
};

/* Room for n keys, of the pool; finder_add() at most that often, then finder_end(). */
int finder_begin(struct finder *f, struct pool *pool, size_t n) must_check;
void finder_add(struct finder *f, uint32_t pattern, size_t at);
void finder_end(struct finder *f);
/*
 * The first place from `from` on whose pattern is among the facts (bits for `patterns` patterns); SIZE_MAX: none.
 * Pattern 0 always matches.
 */
size_t finder_next(const struct finder *f, const uint64_t *facts, size_t patterns, size_t from);

#endif
