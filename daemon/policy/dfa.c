// SPDX-License-Identifier: Apache-2.0
/*
 * dfa.c - byte classes and the subset construction
 */
#include "policy/dfa.h"

#include <string.h>

/* ---- byte classes: split by every set and every single byte that a token names ---- */

static void split(struct classes *c, const struct charset *set)
{
	int moved[256];

	memset(moved, -1, sizeof(moved));
	/* A class with members on both sides loses those inside the set to a new class. */
	for (unsigned int old = 0, n = c->n; old < n; old++) {
		bool in = false, out = false;

		for (unsigned int b = 0; b < 256; b++)
			if (c->of[b] == old)
				*(charset_has(set, (unsigned char)b) ? &in : &out) = true;
		if (in && out)
			moved[old] = (int)c->n++;
	}
	for (unsigned int b = 0; b < 256; b++)
		if (charset_has(set, (unsigned char)b) && moved[c->of[b]] >= 0)
			c->of[b] = (uint8_t)moved[c->of[b]];
}

static void split_by(struct classes *c, const struct nfa *n)
{
	struct charset bytes = {{0}};

	for (size_t i = 0; i < n->sets_count; i++)
		split(c, &n->sets[i]);
	for (size_t i = 1; i < n->nodes_count; i++)
		if (n->nodes[i].token == TOKEN_BYTE)
			charset_add(&bytes, (unsigned char)n->nodes[i].value);
	for (unsigned int b = 0; b < 256; b++) {
		struct charset one = {{0}};

		charset_add(&one, (unsigned char)b);
		if (charset_has(&bytes, (unsigned char)b))
			split(c, &one);
	}
}

void classes_make(struct classes *c, const struct nfa *a, const struct nfa *b)
{
	*c = (struct classes){.n = 1};
	split_by(c, a);
	split_by(c, b);
	for (unsigned int byte = 0; byte < 256; byte++)
		c->sample[c->of[byte]] = (uint8_t)byte;
}

/* ---- subset construction ---- */

#define MANY (UINT32_MAX - 1)

/*
 * A goal is a pattern that accepts (its number), or a root that is jumped to (patterns + its node). Once a loop over
 * every byte has only the goal before it, the goal is reached whatever comes: the state then holds the goal itself
 * (behind the numbers of the nodes) and none of the nodes that could only lead to it again. Without this, a path that
 * may pass several alternatives of one pattern would need a state for every subset of them.
 */
struct builder {
	const struct nfa *n;
	const struct classes *c;
	/* [class]: its number among those that sets alone tell apart, and NUL: they go alike unless a state names a
	 * byte of it */
	uint8_t alike[256];
	struct lists states; /* each a sorted list of nodes, and of nodes_count + goal */
	uint32_t *only;	     /* [node]: the one goal that it can lead to, or MANY */
	uint32_t *assured;   /* [goal]: the step in which it was seen to be reached whatever comes */
	struct dfa *dfa;
	size_t space; /* states that the tables have room for */
	uint32_t states_max;
	uint32_t *set; /* the list being gathered */
	size_t set_count;
	uint32_t *stamp; /* [node] */
	uint32_t *accepted; /* room for every node's patterns */
	uint32_t step;
};

static void gather(struct builder *b, uint32_t node)
{
	if (b->stamp[node] == b->step)
		return;
	b->stamp[node] = b->step;
	b->set[b->set_count++] = node;
	for (uint32_t c = b->n->nodes[node].child; c != NFA_NONE; c = b->n->nodes[c].sibling)
		if (b->n->nodes[c].token == TOKEN_LOOP)
			gather(b, c);
	for (uint32_t j = b->n->nodes[node].jump; j != NFA_NONE; j = b->n->jumps[j].next)
		gather(b, b->n->jumps[j].to);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Most lists hold a handful. */
static void sort(uint32_t *v, size_t n)
{
	if (n > 48) {
		qsort(v, n, sizeof(*v), compare);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		uint32_t x = v[i];
		size_t j = i;

		for (; j > 0 && v[j - 1] > x; j--)
			v[j] = v[j - 1];
		v[j] = x;
	}
}

static void assure(struct builder *b, uint32_t goal)
{
	if (b->assured[goal] == b->step)
		return;
	b->assured[goal] = b->step;
	b->set[b->set_count++] = (uint32_t)b->n->nodes_count + goal;
}

/* The goals that a loop assures: its patterns if it takes every byte, what follows its NUL if it takes every other
 * byte. */
static void assure_by(struct builder *b, uint32_t node)
{
	static const struct charset all = {{~0ull, ~0ull, ~0ull, ~0ull}}, but_nul = {{~1ull, ~0ull, ~0ull, ~0ull}};
	const struct node *v = &b->n->nodes[node];

	if (v->token != TOKEN_LOOP)
		return;
	if (!memcmp(&b->n->sets[v->value], &all, sizeof(all)))
		for (uint32_t a = v->accept; a != NFA_NONE; a = b->n->accepts[a].next)
			assure(b, b->n->accepts[a].pattern);
	if (memcmp(&b->n->sets[v->value], &but_nul, sizeof(but_nul)))
		return;
	for (uint32_t c = v->child; c != NFA_NONE; c = b->n->nodes[c].sibling)
		if (b->n->nodes[c].token == TOKEN_BYTE && !b->n->nodes[c].value)
			for (uint32_t j = b->n->nodes[c].jump; j != NFA_NONE; j = b->n->jumps[j].next)
				assure(b, b->n->patterns + b->n->jumps[j].to);
}

static void prune(struct builder *b)
{
	size_t n = b->set_count, kept = 0;

	for (size_t i = 0; i < n; i++)
		if (b->set[i] < b->n->nodes_count)
			assure_by(b, b->set[i]);
	for (size_t i = 0; i < b->set_count; i++) {
		uint32_t only = b->set[i] < b->n->nodes_count ? b->only[b->set[i]] : MANY;

		if (only == MANY || b->assured[only] != b->step)
			b->set[kept++] = b->set[i];
	}
	b->set_count = kept;
}

/* The state of the gathered nodes, in ret_state; starts the next gathering. */
static int finish(struct builder *b, uint32_t *ret_state)
{
	prune(b);
	sort(b->set, b->set_count);
	*ret_state = lists_intern(&b->states, b->set, b->set_count);
	b->set_count = 0;
	b->step++;
	if (*ret_state == UINT32_MAX)
		return -ENOMEM;
	return b->states.n > b->states_max ? -E2BIG : 0;
}

/* A pattern stays matched; a root is entered by NUL. */
static void step_goal(struct builder *b, uint32_t goal, unsigned char byte)
{
	if (goal < b->n->patterns || byte)
		assure(b, goal);
	else
		gather(b, goal - b->n->patterns);
}

/* Where the nodes of a state go by one class. */
static void step_class(struct builder *b, const uint32_t *nodes, size_t count, unsigned char byte)
{
	for (size_t i = 0; i < count; i++) {
		const struct node *node = &b->n->nodes[nodes[i] < b->n->nodes_count ? nodes[i] : 0];

		if (nodes[i] >= b->n->nodes_count) {
			step_goal(b, nodes[i] - (uint32_t)b->n->nodes_count, byte);
			continue;
		}
		if (node->token == TOKEN_LOOP && charset_has(&b->n->sets[node->value], byte))
			gather(b, nodes[i]);
		for (uint32_t c = node->child; c != NFA_NONE; c = b->n->nodes[c].sibling) {
			const struct node *to = &b->n->nodes[c];

			if (to->token == TOKEN_BYTE
				    ? to->value == byte
				    : to->token == TOKEN_SET && charset_has(&b->n->sets[to->value], byte))
				gather(b, c);
		}
	}
}

static int grow_tables(struct builder *b)
{
	size_t space = b->space ? b->space * 2 : 1024;
	uint32_t *next, *out;

	if (b->states.n <= b->space)
		return 0;
	while (space < b->states.n)
		space *= 2;
	next = reallocarray(b->dfa->next, space * b->c->n, sizeof(*next));
	if (next)
		b->dfa->next = next;
	out = reallocarray(b->dfa->out, space, sizeof(*out));
	if (out)
		b->dfa->out = out;
	if (!next || !out)
		return -ENOMEM;
	b->space = space;
	return 0;
}

static uint32_t accepts_of(const struct nfa *n, uint32_t node)
{
	return node < n->nodes_count ? n->nodes[node].accept : NFA_NONE;
}

static int patterns_of(struct builder *b, uint32_t state, struct lists *sets)
{
	size_t count;
	const uint32_t *nodes = lists_get(&b->states, state, &count);
	uint32_t *patterns = b->accepted;
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < count; i++)
		if (nodes[i] >= b->n->nodes_count && nodes[i] < b->n->nodes_count + b->n->patterns)
			patterns[n++] = nodes[i] - (uint32_t)b->n->nodes_count;
	for (size_t i = 0; i < count; i++)
		for (uint32_t a = accepts_of(b->n, nodes[i]); a != NFA_NONE; a = b->n->accepts[a].next)
			patterns[n++] = b->n->accepts[a].pattern;
	sort(patterns, n);
	for (size_t i = 0; i < n; i++)
		if (!i || patterns[i] != patterns[i - 1])
			patterns[kept++] = patterns[i];
	b->dfa->out[state] = lists_intern(sets, patterns, kept);
	return b->dfa->out[state] == UINT32_MAX ? -ENOMEM : 0;
}

/* Bytes that some node of the state has a token for. A named byte is a class of its own. */
static void find_named(const struct builder *b, const uint32_t *nodes, size_t count, struct charset *named)
{
	const struct node *v = b->n->nodes;

	for (size_t i = 0; i < count; i++) {
		if (nodes[i] >= b->n->nodes_count)
			continue;
		for (uint32_t c = v[nodes[i]].child; c != NFA_NONE; c = v[c].sibling)
			if (v[c].token == TOKEN_BYTE)
				charset_add(named, (unsigned char)v[c].value);
	}
}

static void find_alike(struct builder *b)
{
	static const struct charset nul = {{1}};
	struct classes sets = {.n = 1};

	for (size_t i = 0; i < b->n->sets_count; i++)
		split(&sets, &b->n->sets[i]);
	split(&sets, &nul);
	for (unsigned int c = 0; c < b->c->n; c++)
		b->alike[c] = sets.of[b->c->sample[c]];
}

static int expand_state(struct builder *b, uint32_t state)
{
	size_t count;
	/* Interning may move the lists: the nodes are copied behind the gathering space. */
	uint32_t *nodes = b->set + b->n->nodes_count * 2 + b->n->patterns;
	const uint32_t *from = lists_get(&b->states, state, &count);
	struct charset named = {{0}};
	uint32_t to[256]; /* [alike] */

	memcpy(nodes, from, count * sizeof(*nodes));
	memset(to, 0xff, sizeof(to));
	find_named(b, nodes, count, &named);
	for (unsigned int c = 0; c < b->c->n; c++) {
		bool own = charset_has(&named, b->c->sample[c]);
		uint32_t *next = &b->dfa->next[(size_t)state * b->c->n + c];
		int r;

		if (!own && to[b->alike[c]] != UINT32_MAX) {
			*next = to[b->alike[c]];
			continue;
		}
		step_class(b, nodes, count, b->c->sample[c]);
		r = finish(b, next);
		if (r < 0)
			return r;
		if (!own)
			to[b->alike[c]] = *next;
	}
	return 0;
}

static int run(struct builder *b, struct lists *sets)
{
	int r;

	gather(b, NFA_ROOT);
	r = finish(b, &b->dfa->start);
	for (uint32_t state = 0; r == 0 && state < b->states.n; state++) {
		r = grow_tables(b);
		if (r == 0)
			r = patterns_of(b, state, sets);
		if (r == 0)
			r = expand_state(b, state);
	}
	b->dfa->states = (uint32_t)b->states.n;
	return r;
}

/* Children have higher numbers than their parents: one pass backwards sees them first. */
static void find_only(struct builder *b)
{
	const struct nfa *n = b->n;

	for (uint32_t node = (uint32_t)n->nodes_count; node-- > 0;) {
		uint32_t only = NFA_NONE;

		for (uint32_t a = n->nodes[node].accept; a != NFA_NONE; a = n->accepts[a].next)
			only = only == NFA_NONE ? n->accepts[a].pattern : MANY;
		for (uint32_t j = n->nodes[node].jump; j != NFA_NONE; j = n->jumps[j].next)
			only = only == NFA_NONE ? n->patterns + n->jumps[j].to : MANY;
		for (uint32_t c = n->nodes[node].child; c != NFA_NONE; c = n->nodes[c].sibling)
			only = only == NFA_NONE || only == b->only[c] ? b->only[c] : MANY;
		b->only[node] = only == NFA_NONE ? MANY : only;
	}
}

static void find_cost(const struct builder *b, uint32_t *cost)
{
	for (uint32_t state = 0; state < b->states.n; state++) {
		size_t count;
		const uint32_t *nodes = lists_get(&b->states, state, &count);

		for (size_t i = 0; i < count; i++)
			if (nodes[i] < b->n->nodes_count && b->only[nodes[i]] < b->n->patterns)
				cost[b->only[nodes[i]]]++;
	}
}

int dfa_build(const struct nfa *n, const struct classes *c, uint32_t states_max, struct lists *sets, uint32_t *cost,
	      struct dfa *ret_dfa)
{
	size_t nodes = n->nodes_count, patterns = n->patterns;
	own_free uint32_t *memory = calloc(nodes * 8 + patterns * 4 + n->accepts_count, sizeof(*memory));
	struct dfa dfa = {.classes = c->n};
	struct builder b = {.n = n, .c = c, .dfa = &dfa, .states_max = states_max, .step = 1};
	int r = lists_init(&b.states);

	if (r == 0 && !memory)
		r = -ENOMEM;
	if (r == 0) {
		/* The list being gathered and the copy of the one being left each hold every node and goal at most. */
		b.set = memory;
		b.stamp = memory + (nodes * 2 + patterns) * 2;
		b.only = b.stamp + nodes;
		b.assured = b.only + nodes;
		b.accepted = b.assured + nodes + patterns;
		find_only(&b);
		find_alike(&b);
		r = run(&b, sets);
		if (cost)
			find_cost(&b, cost);
	}
	lists_done(&b.states);
	if (r < 0)
		dfa_done(&dfa);
	else
		*ret_dfa = dfa;
	return r;
}

void dfa_done(struct dfa *d)
{
	free(d->next);
	free(d->out);
	*d = (struct dfa){0};
}
