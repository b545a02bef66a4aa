/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nfa.h - many patterns over bytes as one trie of tokens
 *
 * Patterns that begin alike share their nodes, so that few nodes are alive at a time and the automaton built from it
 * stays small. A token is one byte, one byte of a set, or any number of bytes of a set (a loop: its node leads to
 * itself and is entered without a byte).
 */
#ifndef CVF_POLICY_NFA_H
#define CVF_POLICY_NFA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/own.h"

#define NFA_NONE UINT32_MAX
#define NFA_ROOT 0u

enum token { TOKEN_BYTE, TOKEN_SET, TOKEN_LOOP };

struct charset {
	uint64_t bits[4];
};

struct node {
	uint32_t child; /* first, NFA_NONE: none */
	uint32_t sibling;
	uint32_t accept; /* first in nfa.accepts, NFA_NONE: none */
	uint32_t jump;	 /* first in nfa.jumps, NFA_NONE: none */
	uint16_t token;	 /* enum token that leads here */
	uint16_t value;	 /* the byte, or the number of the set */
};

struct accept {
	uint32_t pattern;
	uint32_t next;
};

/* Whoever enters the node is at another root as well: what follows many beginnings is kept once. */
struct jump {
	uint32_t to;
	uint32_t next;
};

struct nfa {
	struct node *nodes;
	struct accept *accepts;
	struct jump *jumps;
	struct charset *sets;
	size_t nodes_count, accepts_count, jumps_count, sets_count;
	uint32_t patterns; /* numbers given out: 0 .. patterns - 1 */
};

int nfa_init(struct nfa *n) must_check;
void nfa_done(struct nfa *n);
/* The child by this token, made if needed; NFA_NONE: out of memory. */
uint32_t nfa_child(struct nfa *n, uint32_t parent, enum token token, uint16_t value);
/* Number of a set, or a negative errno. */
int nfa_set(struct nfa *n, const struct charset *set);
/* A node with no parent, to jump to; NFA_NONE: out of memory. */
uint32_t nfa_root(struct nfa *n);
int nfa_jump(struct nfa *n, uint32_t node, uint32_t to) must_check;
int nfa_accept(struct nfa *n, uint32_t node, uint32_t pattern) must_check;
/*
 * Sets bit i of matched (words for nfa.patterns bits, zeroed by the caller) for each pattern i that the bytes match
 * whole.
 */
int nfa_run(const struct nfa *n, const char *bytes, size_t size, uint64_t *matched) must_check;

static inline bool charset_has(const struct charset *s, unsigned char c)
{
	return s->bits[c / 64] >> c % 64 & 1;
}

static inline void charset_add(struct charset *s, unsigned char c)
{
	s->bits[c / 64] |= 1ull << c % 64;
}

static inline void charset_remove(struct charset *s, unsigned char c)
{
	s->bits[c / 64] &= ~(1ull << c % 64);
}

#endif
