// SPDX-License-Identifier: Apache-2.0
/*
 * minimise.c - Moore's partition refinement
 *
 * The automata of paths are shallow: refinement ends after about as many rounds as the longest literal has bytes, and
 * each round is one pass over the table. Hopcroft's algorithm was not worth its inverse transition lists here.
 */
#include <string.h>

#include "policy/dfa.h"

struct partition {
	const struct dfa *d;
	uint32_t *block; /* [state] */
	uint32_t *refined;
	uint32_t *first; /* [block]: a state of it */
	uint32_t *hash;	 /* block + 1, 0 free */
	size_t hash_space;
	uint32_t blocks;
};

static bool same(const struct partition *p, uint32_t a, uint32_t b)
{
	const uint32_t *x = p->d->next + (size_t)a * p->d->classes, *y = p->d->next + (size_t)b * p->d->classes;

	if (p->block[a] != p->block[b])
		return false;
	for (uint32_t c = 0; c < p->d->classes; c++)
		if (p->block[x[c]] != p->block[y[c]])
			return false;
	return true;
}

static uint64_t signature(const struct partition *p, uint32_t state)
{
	const uint32_t *next = p->d->next + (size_t)state * p->d->classes;
	uint64_t h = p->block[state] + 0x9e3779b97f4a7c15ull;

	for (uint32_t c = 0; c < p->d->classes; c++) {
		h = (h ^ p->block[next[c]]) * 0xff51afd7ed558ccdull;
		h ^= h >> 29;
	}
	return h;
}

/* Splits blocks whose states lead to different blocks; the dead state, being first, keeps block 0. */
static void refine(struct partition *p)
{
	uint32_t n = 0;

	memset(p->hash, 0, p->hash_space * sizeof(*p->hash));
	for (uint32_t s = 0; s < p->d->states; s++) {
		size_t at = signature(p, s) % p->hash_space;

		while (p->hash[at] && !same(p, p->first[p->hash[at] - 1], s))
			at = (at + 1) % p->hash_space;
		if (!p->hash[at]) {
			p->first[n] = s;
			p->hash[at] = ++n;
		}
		p->refined[s] = p->hash[at] - 1;
	}
	memcpy(p->block, p->refined, p->d->states * sizeof(*p->block));
	p->blocks = n;
}

static void rewrite(struct dfa *d, const struct partition *p)
{
	/* In place: block numbers rise with their first states, so a row is read before it is overwritten. */
	for (uint32_t b = 0; b < p->blocks; b++) {
		for (uint32_t c = 0; c < d->classes; c++)
			d->next[(size_t)b * d->classes + c] = p->block[d->next[(size_t)p->first[b] * d->classes + c]];
		d->out[b] = d->out[p->first[b]];
	}
	d->start = p->block[d->start];
	d->states = p->blocks;
}

int dfa_minimise(struct dfa *d)
{
	size_t space = (size_t)d->states * 2 + 1;
	own_free uint32_t *memory = calloc(d->states * 3ul + space, sizeof(*memory));
	struct partition p = {.d = d, .hash_space = space};
	uint32_t before = 0;

	if (!memory)
		return -ENOMEM;
	p.block = memory;
	p.refined = memory + d->states;
	p.first = memory + d->states * 2ul;
	p.hash = memory + d->states * 3ul;
	memcpy(p.block, d->out, d->states * sizeof(*p.block));
	while (refine(&p), p.blocks != before)
		before = p.blocks;
	rewrite(d, &p);
	return 0;
}
