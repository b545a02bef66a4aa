/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dfa.h - from a trie of patterns to the smallest table that tells the same sets apart
 */
#ifndef CVF_POLICY_DFA_H
#define CVF_POLICY_DFA_H

#include "policy/nfa.h"

/* Bytes that no pattern tells apart share a class. */
struct classes {
	unsigned int n;
	uint8_t of[256];
	uint8_t sample[256]; /* [class]: a byte of it */
};

/* Lists of numbers, each kept once under a number of its own; 0 is the empty list. */
struct lists {
	uint32_t *data;
	uint32_t *start; /* [list], and one past the last */
	uint32_t *hash;	 /* open addressing: list + 1, 0 free */
	size_t n, data_space, start_space, hash_space;
};

int lists_init(struct lists *l) must_check;
void lists_done(struct lists *l);
/* Number of a list, new if it was not there; UINT32_MAX: out of memory. */
uint32_t lists_intern(struct lists *l, const uint32_t *v, size_t n);

static inline const uint32_t *lists_get(const struct lists *l, uint32_t list, size_t *ret_n)
{
	*ret_n = l->start[list + 1] - l->start[list];
	return l->data + l->start[list];
}

/* State 0 is dead. */
struct dfa {
	uint32_t states, classes, start;
	uint32_t *next; /* [state * classes + class] */
	uint32_t *out;	/* [state]: number of the set of patterns that have matched */
};

void dfa_done(struct dfa *d);
void classes_make(struct classes *c, const struct nfa *a, const struct nfa *b);
/*
 * out[] numbers lists of patterns in `sets`. -E2BIG: more than states_max. cost: NULL, or [pattern], added to even when
 * it fails: the places in states where a pattern alone is waited for.
 */
int dfa_build(const struct nfa *n, const struct classes *c, uint32_t states_max, struct lists *sets, uint32_t *cost,
	      struct dfa *ret_dfa) must_check;
/* Merges states that no text tells apart by out[]; the dead state stays 0. */
int dfa_minimise(struct dfa *d) must_check;

#endif
