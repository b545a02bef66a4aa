// SPDX-License-Identifier: Apache-2.0
/*
 * minimise.c - Moore's partition refinement
 *
 * The automata of paths are shallow: refinement ends after about as many rounds as the longest literal has bytes. Most
 * states lead to one and the same state by nearly every class, so that a round looks at the few classes by which they
 * do not. Hopcroft's algorithm was not worth its inverse transition lists here.
 */
#include <string.h>

#include "policy/dfa.h"

/* States that are looked at to find the usual class. */
#define SAMPLES 64

/* A class by which a state does not lead where the usual class leads it. */
struct turn {
	uint32_t class, next;
};

struct partition {
	const struct dfa *d;
	uint32_t usual;	    /* class */
	uint32_t *from;	    /* [state], and one past the last: its first turn */
	struct turn *turns; /* of each state by rising class */
	uint32_t *block;    /* [state] */
	uint32_t *refined;
	uint32_t *first; /* [block]: a state of it */
	uint32_t *hash;	 /* block + 1, 0 free */
	size_t hash_space;
	uint32_t blocks;
};

static const uint32_t *row_of(const struct dfa *d, uint32_t state)
{
	return d->next + (size_t)state * d->classes;
}

static uint32_t usual_block(const struct partition *p, uint32_t state)
{
	return p->block[row_of(p->d, state)[p->usual]];
}

/* The turn at or behind `at` that leaves the block of the usual class; the end if there is none. */
static uint32_t skip(const struct partition *p, uint32_t at, uint32_t end, uint32_t usual)
{
	while (at < end && p->block[p->turns[at].next] == usual)
		at++;
	return at;
}

static bool same(const struct partition *p, uint32_t a, uint32_t b)
{
	uint32_t usual = usual_block(p, a), i = p->from[a], k = p->from[b];

	if (p->block[a] != p->block[b] || usual_block(p, b) != usual)
		return false;
	for (;; i++, k++) {
		i = skip(p, i, p->from[a + 1], usual);
		k = skip(p, k, p->from[b + 1], usual);
		if (i == p->from[a + 1] || k == p->from[b + 1])
			return i == p->from[a + 1] && k == p->from[b + 1];
		if (p->turns[i].class != p->turns[k].class || p->block[p->turns[i].next] != p->block[p->turns[k].next])
			return false;
	}
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0xff51afd7ed558ccdull;
	return h ^ h >> 29;
}

static uint64_t signature(const struct partition *p, uint32_t state)
{
	uint32_t usual = usual_block(p, state), end = p->from[state + 1];
	uint64_t h = mix(p->block[state] + 0x9e3779b97f4a7c15ull, usual);

	for (uint32_t i = skip(p, p->from[state], end, usual); i < end; i = skip(p, i + 1, end, usual))
		h = mix(h, (uint64_t)p->turns[i].class << 32 | p->block[p->turns[i].next]);
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

static size_t turns_of(const struct dfa *d, uint32_t state, uint32_t usual)
{
	const uint32_t *row = row_of(d, state);
	size_t n = 0;

	for (uint32_t c = 0; c < d->classes; c++)
		n += row[c] != row[usual];
	return n;
}

/* The class that leaves the fewest turns, as far as some states tell. Any would be correct. */
static uint32_t find_usual(const struct dfa *d)
{
	uint32_t step = d->states / SAMPLES + 1, usual = 0;
	size_t least = SIZE_MAX;

	for (uint32_t c = 0; c < d->classes; c++) {
		size_t n = 0;

		for (uint32_t s = 0; s < d->states; s += step)
			n += turns_of(d, s, c);
		if (n < least)
			usual = c;
		least = n < least ? n : least;
	}
	return usual;
}

static int find_turns(struct partition *p)
{
	const struct dfa *d = p->d;
	size_t n = 0;

	p->usual = find_usual(d);
	for (uint32_t s = 0; s < d->states; s++)
		n += turns_of(d, s, p->usual);
	p->turns = n < UINT32_MAX ? reallocarray(NULL, n + 1, sizeof(*p->turns)) : NULL;
	if (!p->turns)
		return -ENOMEM;
	n = 0;
	for (uint32_t s = 0; s < d->states; s++) {
		const uint32_t *row = row_of(d, s);

		p->from[s] = (uint32_t)n;
		for (uint32_t c = 0; c < d->classes; c++)
			if (row[c] != row[p->usual])
				p->turns[n++] = (struct turn){c, row[c]};
	}
	p->from[d->states] = (uint32_t)n;
	return 0;
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
	own_free uint32_t *memory = calloc(d->states * 4ul + 1 + space, sizeof(*memory));
	struct partition p = {.d = d, .hash_space = space};
	uint32_t before = 0;
	int r;

	if (!memory)
		return -ENOMEM;
	p.block = memory;
	p.refined = memory + d->states;
	p.first = memory + d->states * 2ul;
	p.from = memory + d->states * 3ul;
	p.hash = p.from + d->states + 1;
	r = find_turns(&p);
	if (r < 0)
		return r;
	memcpy(p.block, d->out, d->states * sizeof(*p.block));
	while (refine(&p), p.blocks != before)
		before = p.blocks;
	rewrite(d, &p);
	free(p.turns);
	return 0;
}
