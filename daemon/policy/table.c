// SPDX-License-Identifier: Apache-2.0
/*
 * table.c - both automata in one table, as cvf/automaton.h says
 *
 * Full rows are the fastest to step through and are kept as long as they take half of the table. Beyond, every state
 * that differs from another one in two classes at most becomes a short row: in the middle of a literal that is nearly
 * all of them, since every byte but the next one leads where any unknown name leads.
 */
#include <string.h>

#include "policy/compile.h"

#define EXCEPTIONS_MAX 2

enum kind { KIND_FULL, KIND_SHORT_STATE, KIND_SHORT_ROW, KIND_MAX };

/* One automaton on its way into the table. */
struct part {
	const struct dfa *d;
	uint8_t *kind;	 /* [state] */
	uint32_t *place; /* [state]: its first word */
	uint32_t count[KIND_MAX];
};

struct table {
	struct part part[2]; /* of files, of programs */
	uint8_t of[256];     /* class before merging -> class */
	uint8_t first[256];  /* class -> one before merging */
	uint32_t classes;
	uint32_t usual; /* the class with the most bytes: what no pattern names */
};

static bool same_class(const struct dfa *d, unsigned int a, unsigned int b)
{
	for (uint32_t s = 0; s < d->states; s++)
		if (d->next[(size_t)s * d->classes + a] != d->next[(size_t)s * d->classes + b])
			return false;
	return true;
}

/* Classes that led different ways before merging may not any more. */
static void merge_classes(struct table *t, const struct classes *classes)
{
	const struct dfa *file = t->part[0].d, *exec = t->part[1].d;
	uint32_t bytes[256] = {0};

	for (unsigned int c = 0; c < file->classes; c++) {
		unsigned int k = 0;

		while (k < t->classes && !(same_class(file, t->first[k], c) && same_class(exec, t->first[k], c)))
			k++;
		if (k == t->classes)
			t->first[t->classes++] = (uint8_t)c;
		t->of[c] = (uint8_t)k;
	}
	for (int byte = 0; byte < 256; byte++)
		bytes[t->of[classes->of[byte]]]++;
	for (uint32_t k = 0; k < t->classes; k++)
		if (bytes[k] > bytes[t->usual])
			t->usual = k;
}

static uint32_t next_of(const struct table *t, const struct part *p, uint32_t state, uint32_t class)
{
	return p->d->next[(size_t)state * p->d->classes + t->first[class]];
}

/* What a short row would name: classes in which the state does not go where `kind` says. More than fit: one more. */
static unsigned int exceptions(const struct table *t, const struct part *p, uint32_t state, enum kind kind,
			       uint32_t *classes)
{
	uint32_t usual = next_of(t, p, state, t->usual);
	unsigned int n = 0;

	for (uint32_t k = 0; k < t->classes && n <= EXCEPTIONS_MAX; k++) {
		uint32_t other = kind == KIND_SHORT_STATE ? usual : next_of(t, p, usual, k);

		if (next_of(t, p, state, k) == other)
			continue;
		if (n < EXCEPTIONS_MAX)
			classes[n] = k;
		n++;
	}
	return n;
}

/* A row that others lean on must be full, which is worth it from two on. The dead state is anyway. */
static int choose(const struct table *t, struct part *p)
{
	own_free uint32_t *leaning = calloc(p->d->states, sizeof(*leaning));
	uint32_t unused[EXCEPTIONS_MAX];

	if (!leaning)
		return -ENOMEM;
	for (uint32_t s = 1; s < p->d->states; s++) {
		if (exceptions(t, p, s, KIND_SHORT_STATE, unused) <= EXCEPTIONS_MAX) {
			p->kind[s] = KIND_SHORT_STATE;
		} else if (exceptions(t, p, s, KIND_SHORT_ROW, unused) <= EXCEPTIONS_MAX) {
			p->kind[s] = KIND_SHORT_ROW;
			leaning[next_of(t, p, s, t->usual)]++;
		}
	}
	for (uint32_t s = 0; s < p->d->states; s++)
		if (leaning[s] > 1)
			p->kind[s] = KIND_FULL;
	for (uint32_t s = 1; s < p->d->states; s++)
		if (p->kind[s] == KIND_SHORT_ROW && p->kind[next_of(t, p, s, t->usual)] != KIND_FULL)
			p->kind[s] = KIND_FULL;
	return 0;
}

/* What nothing leads out of is a short row in every table: it can be told by it (cvf_dfa_stays()), and nobody reads on. */
static void choose_ends(const struct table *t, struct part *p)
{
	uint32_t unused[EXCEPTIONS_MAX];

	for (uint32_t s = 1; s < p->d->states; s++)
		if (next_of(t, p, s, t->usual) == s && !exceptions(t, p, s, KIND_SHORT_STATE, unused))
			p->kind[s] = KIND_SHORT_STATE;
}

/* Full rows of files, of programs, short rows of files, of programs; the dead state is shared. */
static void lay_out(struct table *t, struct automaton *a)
{
	uint32_t at = 0;

	for (int brief = 0; brief < 2; brief++) {
		for (int i = 0; i < 2; i++) {
			struct part *p = &t->part[i];

			if (i)
				*(brief ? &a->exec_short_from : &a->exec_from) = at;
			else if (brief)
				a->short_from = at;
			for (uint32_t s = i; s < p->d->states; s++) {
				if ((p->kind[s] != KIND_FULL) != brief)
					continue;
				p->place[s] = at;
				at += brief ? CVF_SHORT_WORDS : a->stride;
			}
		}
	}
	a->count = at;
}

static void write_full(const struct table *t, const struct part *p, uint32_t state, uint32_t *row)
{
	for (uint32_t k = 0; k < t->classes; k++)
		row[k] = p->place[next_of(t, p, state, k)];
	row[t->classes] = p->d->out[state];
}

static void write_short(const struct table *t, const struct part *p, uint32_t state, uint32_t *row)
{
	uint32_t classes[EXCEPTIONS_MAX] = {0};
	unsigned int n = exceptions(t, p, state, (enum kind)p->kind[state], classes);
	uint32_t usual = p->place[next_of(t, p, state, t->usual)];

	row[CVF_SHORT_OTHER] = p->kind[state] == KIND_SHORT_STATE ? usual | CVF_SHORT_STATE : usual;
	row[CVF_SHORT_SET] = p->d->out[state];
	if (n < 2)
		classes[1] = classes[0];
	for (int i = 0; i < EXCEPTIONS_MAX; i++)
		row[CVF_SHORT_FIRST + i] = classes[i] << 24 | p->place[next_of(t, p, state, classes[i])];
}

static int write_all(struct table *t, struct automaton *a)
{
	a->words = calloc(a->count, sizeof(*a->words));
	if (!a->words)
		return -ENOMEM;
	for (int i = 0; i < 2; i++) {
		const struct part *p = &t->part[i];

		for (uint32_t s = i; s < p->d->states; s++) {
			if (p->kind[s] == KIND_FULL)
				write_full(t, p, s, a->words + p->place[s]);
			else
				write_short(t, p, s, a->words + p->place[s]);
		}
	}
	a->start_file = t->part[0].place[t->part[0].d->start];
	a->start_exec = t->part[1].place[t->part[1].d->start];
	return 0;
}

static int make(struct table *t, struct automaton *a, const struct classes *classes, size_t full_max)
{
	size_t full;
	int r = 0;

	merge_classes(t, classes);
	a->stride = t->classes + 1;
	for (int byte = 0; byte < 256; byte++)
		a->class_of[byte] = t->of[classes->of[byte]];
	full = ((size_t)t->part[0].d->states + t->part[1].d->states) * a->stride;
	for (int i = 0; r == 0 && i < 2; i++) {
		if (full > full_max)
			r = choose(t, &t->part[i]);
		else
			choose_ends(t, &t->part[i]);
	}
	if (r < 0)
		return r;
	lay_out(t, a);
	if (a->count > CVF_DFA_WORDS)
		return -E2BIG;
	return write_all(t, a);
}

int table_make(const struct dfa *file, const struct dfa *exec, const struct classes *classes, size_t full_max,
	       struct automaton *ret_automaton)
{
	struct table t = {.part = {{.d = file}, {.d = exec}}};
	int r = 0;

	for (int i = 0; i < 2; i++) {
		t.part[i].kind = calloc(t.part[i].d->states, sizeof(*t.part[i].kind));
		t.part[i].place = calloc(t.part[i].d->states, sizeof(*t.part[i].place));
		if (!t.part[i].kind || !t.part[i].place)
			r = -ENOMEM;
	}
	if (r == 0)
		r = make(&t, ret_automaton, classes, full_max);
	for (int i = 0; i < 2; i++) {
		free(t.part[i].kind);
		free(t.part[i].place);
	}
	return r;
}
