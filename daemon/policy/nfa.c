// SPDX-License-Identifier: Apache-2.0
/*
 * nfa.c - growing the trie, and running it on one text
 */
#include "policy/nfa.h"

#include <string.h>

/* Room for one more record in an array that doubles: the space is the next power of two. */
static int grow(void *array, size_t count, size_t size)
{
	void *p;

	if (count & (count - 1) || (count && count < 16))
		return 0;
	memcpy(&p, array, sizeof(p));
	p = reallocarray(p, count ? count * 2 : 16, size);
	if (!p)
		return -ENOMEM;
	memcpy(array, &p, sizeof(p));
	return 0;
}

static uint32_t node_new(struct nfa *n, enum token token, uint16_t value)
{
	if (grow(&n->nodes, n->nodes_count, sizeof(*n->nodes)) < 0)
		return NFA_NONE;
	n->nodes[n->nodes_count] = (struct node){NFA_NONE, NFA_NONE, NFA_NONE, NFA_NONE, token, value};
	return (uint32_t)n->nodes_count++;
}

int nfa_init(struct nfa *n)
{
	*n = (struct nfa){0};
	return node_new(n, TOKEN_BYTE, 0) == NFA_NONE ? -ENOMEM : 0;
}

void nfa_done(struct nfa *n)
{
	free(n->nodes);
	free(n->accepts);
	free(n->jumps);
	free(n->sets);
	*n = (struct nfa){0};
}

uint32_t nfa_child(struct nfa *n, uint32_t parent, enum token token, uint16_t value)
{
	uint32_t child;

	for (child = n->nodes[parent].child; child != NFA_NONE; child = n->nodes[child].sibling)
		if (n->nodes[child].token == token && n->nodes[child].value == value)
			return child;
	child = node_new(n, token, value);
	if (child != NFA_NONE) {
		n->nodes[child].sibling = n->nodes[parent].child;
		n->nodes[parent].child = child;
	}
	return child;
}

int nfa_set(struct nfa *n, const struct charset *set)
{
	for (size_t i = 0; i < n->sets_count; i++)
		if (memcmp(&n->sets[i], set, sizeof(*set)) == 0)
			return (int)i;
	if (n->sets_count > UINT16_MAX)
		return -E2BIG;
	if (grow(&n->sets, n->sets_count, sizeof(*n->sets)) < 0)
		return -ENOMEM;
	n->sets[n->sets_count] = *set;
	return (int)n->sets_count++;
}

int nfa_accept(struct nfa *n, uint32_t node, uint32_t pattern)
{
	for (uint32_t a = n->nodes[node].accept; a != NFA_NONE; a = n->accepts[a].next)
		if (n->accepts[a].pattern == pattern)
			return 0;
	if (grow(&n->accepts, n->accepts_count, sizeof(*n->accepts)) < 0)
		return -ENOMEM;
	n->accepts[n->accepts_count] = (struct accept){pattern, n->nodes[node].accept};
	n->nodes[node].accept = (uint32_t)n->accepts_count++;
	return 0;
}

uint32_t nfa_root(struct nfa *n)
{
	return node_new(n, TOKEN_BYTE, 0);
}

int nfa_jump(struct nfa *n, uint32_t node, uint32_t to)
{
	for (uint32_t j = n->nodes[node].jump; j != NFA_NONE; j = n->jumps[j].next)
		if (n->jumps[j].to == to)
			return 0;
	if (grow(&n->jumps, n->jumps_count, sizeof(*n->jumps)) < 0)
		return -ENOMEM;
	n->jumps[n->jumps_count] = (struct jump){to, n->nodes[node].jump};
	n->nodes[node].jump = (uint32_t)n->jumps_count++;
	return 0;
}

struct run {
	uint32_t *now, *next;
	size_t now_count, next_count;
	uint32_t *stamp; /* of the step that entered the node last */
	uint32_t step;
};

/* Enters a node and the loops behind it, each once a step. */
static void enter(const struct nfa *n, struct run *r, uint32_t node)
{
	if (r->stamp[node] == r->step)
		return;
	r->stamp[node] = r->step;
	r->next[r->next_count++] = node;
	for (uint32_t c = n->nodes[node].child; c != NFA_NONE; c = n->nodes[c].sibling)
		if (n->nodes[c].token == TOKEN_LOOP)
			enter(n, r, c);
	for (uint32_t j = n->nodes[node].jump; j != NFA_NONE; j = n->jumps[j].next)
		enter(n, r, n->jumps[j].to);
}

static void turn(struct run *r)
{
	uint32_t *now = r->now;

	r->now = r->next;
	r->now_count = r->next_count;
	r->next = now;
	r->next_count = 0;
	r->step++;
}

static void consume(const struct nfa *n, struct run *r, unsigned char byte)
{
	for (size_t i = 0; i < r->now_count; i++) {
		const struct node *node = &n->nodes[r->now[i]];

		if (node->token == TOKEN_LOOP && charset_has(&n->sets[node->value], byte))
			enter(n, r, r->now[i]);
		for (uint32_t c = node->child; c != NFA_NONE; c = n->nodes[c].sibling) {
			const struct node *to = &n->nodes[c];

			if (to->token == TOKEN_BYTE ? to->value == byte
						    : to->token == TOKEN_SET && charset_has(&n->sets[to->value], byte))
				enter(n, r, c);
		}
	}
}

int nfa_run(const struct nfa *n, const char *bytes, size_t size, uint64_t *matched)
{
	own_free uint32_t *memory = calloc(n->nodes_count * 3, sizeof(*memory));
	struct run r = {.step = 1};

	if (!memory)
		return -ENOMEM;
	r.now = memory;
	r.next = memory + n->nodes_count;
	r.stamp = memory + n->nodes_count * 2;
	enter(n, &r, NFA_ROOT);
	turn(&r);
	for (size_t i = 0; i < size; i++) {
		consume(n, &r, (unsigned char)bytes[i]);
		turn(&r);
	}
	for (size_t i = 0; i < r.now_count; i++)
		for (uint32_t a = n->nodes[r.now[i]].accept; a != NFA_NONE; a = n->accepts[a].next)
			matched[n->accepts[a].pattern / 64] |= 1ull << n->accepts[a].pattern % 64;
	return 0;
}
