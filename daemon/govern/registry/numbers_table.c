// SPDX-License-Identifier: Apache-2.0
/* numbers_table.c - the table `numbers` */
#include "numbers_table.h"

#include <string.h>

#include "store/stmt.h"

#define KINDS 3
#define NUMBER_MAX 1000000u

struct names {
	char **v;	/* index: number; [0] is NULL */
	uint32_t last;
};

struct numbers_table {
	struct store *store;
	struct names names[KINDS];
};

static int remember(struct names *names, uint32_t number, const char *name)
{
	char *copy;

	if (number > names->last) {
		char **grown = reallocarray(names->v, number + 1, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		memset(grown + names->last + (names->v != NULL), 0, (number - names->last + (names->v == NULL)) * sizeof(*grown));
		names->v = grown;
		names->last = number;
	}
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	free(names->v[number]);
	names->v[number] = copy;
	return 0;
}

static void forget(struct numbers_table *t)
{
	for (int kind = 0; kind < KINDS; kind++) {
		for (uint32_t i = 0; t->names[kind].v && i <= t->names[kind].last; i++)
			free(t->names[kind].v[i]);
		free(t->names[kind].v);
		t->names[kind] = (struct names){ 0 };
	}
}

int numbers_table_reload(struct numbers_table *t)
{
	struct stmt *q = stmt(t->store, "SELECT kind, number, name FROM numbers");
	int r;

	forget(t);
	while ((r = stmt_row(q)) > 0) {
		int64_t kind = stmt_col_int(q), number = stmt_col_int(q);

		if (kind < 0 || kind >= KINDS || number < 1 || number > NUMBER_MAX)
			continue;
		r = remember(&t->names[kind], (uint32_t)number, stmt_col_text(q));
		if (r < 0) {
			stmt_end(q);
			break;
		}
	}
	return r;
}

int numbers_table_open(struct store *s, struct numbers_table **ret_table)
{
	own(numbers_table) struct numbers_table *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->store = s;
	r = numbers_table_reload(t);
	if (r < 0)
		return r;
	*ret_table = TAKE(t);
	return 0;
}

void numbers_table_free(struct numbers_table *t)
{
	if (t)
		forget(t);
	free(t);
}

uint32_t numbers_table_find(const struct numbers_table *t, enum number_kind kind, const char *name)
{
	for (uint32_t i = 1; i <= t->names[kind].last; i++)
		if (t->names[kind].v[i] && strcmp(t->names[kind].v[i], name) == 0)
			return i;
	return 0;
}

static uint32_t get(void *ctx, enum number_kind kind, const char *name)
{
	struct numbers_table *t = ctx;
	uint32_t number = numbers_table_find(t, kind, name);
	struct stmt *q;

	if (number)
		return number;
	number = t->names[kind].last + 1;
	if (number > NUMBER_MAX || (kind == NUMBER_AGENT && number >= CVF_AGENT_CANARY))
		return 0;
	q = stmt(t->store, "INSERT INTO numbers (kind, number, name) VALUES (?, ?, ?)");
	stmt_int(q, kind);
	stmt_int(q, number);
	stmt_text(q, name);
	if (stmt_run(q) < 0 || remember(&t->names[kind], number, name) < 0)
		return 0;
	return number;
}

struct numbers numbers_table_numbers(struct numbers_table *t)
{
	return (struct numbers){ .get = get, .ctx = t };
}

const char *numbers_table_name(const struct numbers_table *t, enum number_kind kind, uint32_t number)
{
	return number && number <= t->names[kind].last ? t->names[kind].v[number] : NULL;
}

uint32_t numbers_table_last(const struct numbers_table *t, enum number_kind kind)
{
	return t->names[kind].last;
}
