// SPDX-License-Identifier: Apache-2.0
/*
 * finder.c - places sorted by pattern: few patterns match an object, whatever the number of rules
 */
#include "policy/finder.h"

#include <stdlib.h>

#include "json/pool.h"

int finder_begin(struct finder *f, struct pool *pool, size_t n)
{
	*f = (struct finder){.v = pool_alloc(pool, n, sizeof(*f->v))};
	return f->v ? 0 : -ENOMEM;
}

void finder_add(struct finder *f, uint32_t pattern, size_t at)
{
	f->v[f->n++] = (struct finder_key){pattern, (uint32_t)at};
}

static int compare(const void *a, const void *b)
{
	const struct finder_key *x = a, *y = b;

	if (x->pattern != y->pattern)
		return x->pattern < y->pattern ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

void finder_end(struct finder *f)
{
	if (f->n)
		qsort(f->v, f->n, sizeof(*f->v), compare);
}

/* The first place of one pattern from `from` on. */
static size_t next_of(const struct finder *f, uint32_t pattern, size_t from)
{
	const struct finder_key wanted = {pattern, (uint32_t)from};
	size_t low = 0, high = f->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&f->v[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < f->n && f->v[low].pattern == pattern ? f->v[low].at : SIZE_MAX;
}

size_t finder_next(const struct finder *f, const uint64_t *facts, size_t patterns, size_t from)
{
	size_t best;

	if (!f->n)
		return SIZE_MAX;
	best = next_of(f, 0, from);
	for (size_t word = 0; word <= patterns / 64; word++) {
		for (uint64_t left = facts[word]; left; left &= left - 1) {
			size_t at = next_of(f, (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(left), from);

			best = at < best ? at : best;
		}
	}
	return best;
}
