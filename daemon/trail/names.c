// SPDX-License-Identifier: Apache-2.0
/* names.c - see names.h: reads `numbers` and `boots` */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "store/stmt.h"

#define NUMBER_MAX (1 << 24)

static int put(struct names *names, int64_t kind, int64_t number, const char *name)
{
	if (kind < 0 || kind >= NAME_KINDS || number < 0 || number >= NUMBER_MAX || !name)
		return 0;	/* not one of ours: whatever carries it is found to differ */
	if ((size_t)number >= names->n[kind]) {
		size_t n = (size_t)number * 2 + 64;
		char **grown = reallocarray(names->v[kind], n, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		memset(grown + names->n[kind], 0, (n - names->n[kind]) * sizeof(*grown));
		names->v[kind] = grown;
		names->n[kind] = n;
	}
	free(names->v[kind][number]);
	names->v[kind][number] = strdup(name);
	return names->v[kind][number] ? 0 : -ENOMEM;
}

static int read_row(struct stmt *q, void *ctx)
{
	int64_t kind = stmt_col_int(q), number = stmt_col_int(q);

	return put(ctx, kind, number, stmt_col_text(q));
}

int names_load(struct store *s, struct names *ret_names)
{
	int r;

	*ret_names = (struct names){ 0 };
	r = stmt_each(stmt(s, "SELECT kind, number, name FROM numbers UNION ALL SELECT 3, no, boot_id FROM boots"), read_row, ret_names);
	if (r < 0)
		names_done(ret_names);
	return r;
}

void names_done(struct names *names)
{
	for (size_t kind = 0; kind < NAME_KINDS; kind++) {
		for (size_t i = 0; i < names->n[kind]; i++)
			free(names->v[kind][i]);
		free(names->v[kind]);
	}
	*names = (struct names){ 0 };
}

const char *names_find(const struct names *names, enum name_kind kind, int64_t number)
{
	return number < 0 || (size_t)number >= names->n[kind] ? NULL : names->v[kind][number];
}
