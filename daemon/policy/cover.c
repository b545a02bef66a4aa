// SPDX-License-Identifier: Apache-2.0
/*
 * cover.c - see cover.h
 */
#include "policy/cover.h"

#include <string.h>

#include "policy/dfa.h"
#include "policy/parse.h"

/* Two rules of a handful of patterns need hundreds of states; beyond this an answer is not worth its time. */
#define STATES_MAX 4096

enum side { ONLY_A, ONLY_B, BOTH, SIDES };

static bool is_same(const struct texts *a, const struct texts *b)
{
	for (size_t i = 0; a->n == b->n && i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]))
			return false;
	return a->n == b->n;
}

static int add_all(struct nfa *n, const struct texts *t, enum glob_flavour flavour, uint32_t pattern)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n; i++)
		r = glob_add(n, t->v[i], flavour, pattern);
	return r;
}

/* Which kinds of text there are: those that only a, only b, or both match. */
static int find_sides(const struct nfa *n, bool seen[SIDES])
{
	struct classes classes;
	struct lists sets;
	struct dfa dfa;
	int r = lists_init(&sets);

	classes_make(&classes, n, n);
	if (r == 0)
		r = dfa_build(n, &classes, STATES_MAX, &sets, NULL, &dfa);
	for (uint32_t s = 0; r == 0 && s < dfa.states; s++) {
		size_t count;
		const uint32_t *patterns = lists_get(&sets, dfa.out[s], &count);

		if (count)
			seen[count == 2 ? BOTH : patterns[0] ? ONLY_B : ONLY_A] = true;
	}
	if (r == 0)
		dfa_done(&dfa);
	lists_done(&sets);
	return r;
}

static int compare(const struct texts *a, const struct texts *b, enum glob_flavour flavour, bool seen[SIDES])
{
	struct nfa n;
	int r = nfa_init(&n);

	n.patterns = 2;
	if (r == 0)
		r = add_all(&n, a, flavour, 0);
	if (r == 0)
		r = add_all(&n, b, flavour, 1);
	if (r == 0)
		r = find_sides(&n, seen);
	nfa_done(&n);
	return r;
}

static bool is_plain(char c)
{
	return c && !strchr("*?[{\\$", c);
}

/* As far as both are plain they are the same. */
static bool may_meet_one(const char *a, const char *b)
{
	while (*a && *a == *b && is_plain(*a)) {
		a++;
		b++;
	}
	return !*a || !*b ? *a == *b || !is_plain(*a ? *a : *b) : !is_plain(*a) || !is_plain(*b);
}

bool texts_may_meet(const struct texts *a, const struct texts *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (may_meet_one(a->v[i], b->v[k]))
				return true;
	return !a->n || !b->n;
}

bool texts_may_cover(const struct texts *a, const struct texts *b)
{
	return !a->n || (b->n && texts_may_meet(a, b));
}

bool texts_cover(const struct texts *a, const struct texts *b, enum glob_flavour flavour)
{
	bool seen[SIDES] = {false};

	if (!a->n || is_same(a, b))
		return true;
	return texts_may_cover(a, b) && compare(a, b, flavour, seen) == 0 && !seen[ONLY_B];
}

bool texts_meet(const struct texts *a, const struct texts *b, enum glob_flavour flavour)
{
	bool seen[SIDES] = {false};

	if (!a->n || !b->n || is_same(a, b))
		return true;
	return texts_may_meet(a, b) && compare(a, b, flavour, seen) == 0 && seen[BOTH];
}

static bool contains(const struct cidr *a, const struct cidr *b)
{
	return a->bits <= b->bits && cidr_has(a, b->address);
}

bool cidrs_cover(const struct cidrs *a, const struct cidrs *b)
{
	for (size_t i = 0; a->n && i < b->n; i++) {
		bool found = false;

		for (size_t k = 0; !found && k < a->n; k++)
			found = contains(&a->v[k], &b->v[i]);
		if (!found)
			return false;
	}
	return !a->n || b->n;
}

bool cidrs_meet(const struct cidrs *a, const struct cidrs *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (contains(&a->v[i], &b->v[k]) || contains(&b->v[k], &a->v[i]))
				return true;
	return !a->n || !b->n;
}

#define DAY	 1440
#define WEEK	 (7 * DAY)
#define MINUTE_S 60

static bool holds(const struct windows *w, int minute)
{
	return !w->n || windows_hold(w, (int64_t)minute * MINUTE_S);
}

bool windows_cover(const struct windows *a, const struct windows *b)
{
	for (int i = 0; a->n && i < WEEK; i++)
		if (holds(b, i) && !holds(a, i))
			return false;
	return true;
}

bool windows_meet(const struct windows *a, const struct windows *b)
{
	for (int i = 0; i < WEEK; i++)
		if (holds(a, i) && holds(b, i))
			return true;
	return false;
}
