/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile.h - the parts of one compilation, private to compile*.c
 *
 * For each domain: the sets of patterns that can match together, and what each row makes of them. Whoever has own patterns
 * in a set is looked at apart. What no cell tells apart, no table tells apart.
 */
#ifndef CVF_POLICY_COMPILE_H
#define CVF_POLICY_COMPILE_H

#include "policy/decide.h"
#include "policy/dfa.h"

struct cells {
	struct cvf_cell *v;
	uint32_t *hash; /* cell + 1, 0 free */
	size_t n;
};

struct rates {
	struct cvf_rate *v; /* [CVF_RATES_MAX] */
	uint16_t *first;    /* by the cell beyond: its newest rate, 0 none */
	uint16_t *link;	    /* the one before it that leads to the same cell */
	size_t n;
};

struct memo {
	uint32_t *v; /* value + 1; 0: not known yet */
	size_t space;
};

/* An agent with own patterns that match: one of them, in numbers of its row. */
struct touch {
	uint32_t row, own, of;
};

/*
 * The tables of one domain. A slate is what one row comes to: a cell for each operation. A column is a slate for each row.
 * A set has a column, the owners who see another slate, and whom it enrols; set 0 is what nothing matches.
 */
struct tables {
	enum cvf_domain domain;
	uint8_t ops[CVF_OP_MAX];
	size_t ops_count;
	struct lists slates;  /* slate + 1 */
	struct lists columns; /* column + 1: [row] */
	struct lists owners;  /* words: struct cvf_owner */
	struct lists sets;    /* set + 1: column, list of owners, agents enrolled by executable and by cgroup */
	size_t owners_count;  /* of all sets */

	/* Found out once: */
	struct lists bases;  /* matching patterns that some row has fixed */
	struct lists mine;   /* matching own patterns, in numbers of the row */
	struct lists asked;  /* row, base, mine */
	struct memo columns_of; /* [base] */
	struct memo slates_of;	/* [asked] */

	bool *fixed; /* [pattern]: some row has it fixed */
	struct touch *touches; /* of whom a pattern is one; by pattern: */
	uint32_t *touches_from; /* [pattern], and one past the last */
	uint32_t **varying; /* [row]: the own patterns of the agent that it was bound for */
	uint32_t *varying_count;
	struct touch *found; /* those of the set being filled */
	size_t found_count, found_space;
	uint32_t *seen;   /* [own]: the slate that an owner sees + 1, being gathered */
	uint32_t *result; /* the owners */
	uint32_t *list;	  /* [pattern]: a list being gathered */
	uint32_t *column; /* [row] */
};

struct net_tables {
	struct cvf_image_prefix *prefixes;
	uint16_t *net_set;
	uint8_t *port_class; /* [65536] */
	size_t prefixes_count, address_classes, port_classes;
};

struct automaton {
	uint32_t *words;
	size_t count;
	uint32_t stride, start_file, start_exec, exec_from, short_from, exec_short_from;
	uint8_t class_of[256];
};

struct compiler {
	const struct plan *plan;
	const struct numbers *numbers;
	struct diags *d;
	int64_t now;
	struct cells cells;
	struct rates rates;
	uint32_t *capability_numbers, *rule_numbers, *agent_numbers; /* [index]; 0: not asked for yet */
	uint64_t *facts;					     /* of the question being decided */
	struct tables tables[CVF_DOMAIN_MAX];
	struct net_tables net;
	struct automaton automaton;
};

/* "the policy does not fit: TABLE needs N, at most M"; returns -E2BIG. */
int too_big(struct compiler *c, const char *table, size_t need, size_t limit, const char *hint) must_check;
/* compile_rates.c: the number of a chain of limits, in the order in which they are tried; 0 for an empty one. */
int rates_init(struct rates *r) must_check;
void rates_done(struct rates *r);
int rates_chain(struct compiler *c, const struct cvf_rate *chain, size_t n, uint32_t *ret_rate) must_check;
/*
 * The hint, and behind it the declarations that cost most, malloc'ed; NULL: out of memory. cost: [pattern of the
 * domain]; NULL: by the cells made so far.
 */
char *cost_hint(const struct compiler *c, enum cvf_domain domain, const uint32_t *cost, const char *hint);
int decide_cell(struct compiler *c, uint32_t row, enum cvf_op op, uint32_t *ret_cell) must_check;
int cell_intern(struct compiler *c, const struct cvf_cell *cell, uint32_t *ret_cell) must_check;
/* compile_sets.c */
int tables_init(struct compiler *c, enum cvf_domain domain) must_check;
void tables_done(struct tables *k, size_t rows);
/* The set of what these patterns match, sorted; enrol: NULL, or the agents that it enrols by executable and by cgroup. */
int set_fill(struct compiler *c, enum cvf_domain domain, const uint32_t *patterns, size_t n, const uint32_t *enrol,
	     uint32_t *ret_set) must_check;
int compile_paths(struct compiler *c) must_check;
/*
 * Puts both automata into one table. classes: those that both were built with; as long as full rows fit in full_max words
 * all are full. -ENOMEM; -E2BIG: ret_automaton->count says how many words it would need.
 */
#define TABLE_FULL_MAX (CVF_DFA_WORDS / 2)
int table_make(const struct dfa *file, const struct dfa *exec, const struct classes *classes, size_t full_max,
	       struct automaton *ret_automaton) must_check;
int compile_net(struct compiler *c) must_check;
int image_make(struct compiler *c, uint64_t generation, struct cvf_image **ret_image, size_t *ret_size) must_check;

#endif
