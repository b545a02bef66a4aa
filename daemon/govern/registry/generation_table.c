// SPDX-License-Identifier: Apache-2.0
/* generation_table.c - the tables `models` and `generations` */
#include "generation_table.h"

#include <sodium.h>
#include <string.h>

#include "store/stmt.h"

#define DIGEST_BYTES 32

static int add_model(struct store *s, const uint8_t digest[DIGEST_BYTES], const char *model)
{
	struct stmt *q = stmt(s, "INSERT OR IGNORE INTO models (digest, text) VALUES (?, ?)");

	stmt_blob(q, digest, DIGEST_BYTES);
	stmt_text(q, model);
	return stmt_run(q);
}

int generation_table_add(struct store *s, uint64_t generation, int64_t boot, int64_t now_ms, const char *model,
			 const struct cell_keys *cells)
{
	uint8_t digest[DIGEST_BYTES];
	struct stmt *q;
	int r;

	crypto_generichash(digest, sizeof(digest), (const unsigned char *)model, strlen(model), NULL, 0);
	r = add_model(s, digest, model);
	if (r < 0)
		return r;
	q = stmt(s, "INSERT INTO generations (generation, boot, made_ms, model, cells, agents, is_active)"
		    " VALUES (?, ?, ?, ?, ?, ?, 0)");
	stmt_int(q, (int64_t)generation);
	stmt_int(q, boot);
	stmt_int(q, now_ms);
	stmt_blob(q, digest, sizeof(digest));
	stmt_blob(q, cells->v, cells->n * sizeof(*cells->v));
	stmt_blob(q, cells->agents, cells->agents_count * sizeof(*cells->agents));
	return stmt_run(q);
}

int generation_table_activate(struct store *s, uint64_t generation)
{
	struct stmt *q = stmt(s, "UPDATE generations SET is_active = (generation = ?1) WHERE is_active OR generation = ?1");

	stmt_int(q, (int64_t)generation);
	return stmt_run(q);
}

int generation_table_last(struct store *s, uint64_t *ret_generation)
{
	struct stmt *q = stmt(s, "SELECT IFNULL(MAX(generation), 0) FROM generations");
	int r = stmt_row(q);

	if (r <= 0)
		return r < 0 ? r : -EIO;
	*ret_generation = (uint64_t)stmt_col_int(q);
	stmt_end(q);
	return 0;
}

static struct stmt *select_model(struct store *s, uint64_t generation)
{
	struct stmt *q;

	if (!generation)
		return stmt(s, "SELECT m.text FROM generations g JOIN models m ON m.digest = g.model WHERE g.is_active");
	q = stmt(s, "SELECT m.text FROM generations g JOIN models m ON m.digest = g.model WHERE g.generation = ?");
	stmt_int(q, (int64_t)generation);
	return q;
}

int generation_table_model(struct store *s, uint64_t generation, char **ret_model)
{
	struct stmt *q = select_model(s, generation);
	int r = stmt_row(q);
	char *text;

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	text = strdup(stmt_col_text(q));
	stmt_end(q);
	if (!text)
		return -ENOMEM;
	*ret_model = text;
	return 0;
}

void cell_keys_done(struct cell_keys *k)
{
	free(k->v);
	free(k->agents);
	*k = (struct cell_keys){ 0 };
}

/* NULL: out of memory. */
static void *copy_blob(struct stmt *q, size_t size, size_t *ret_n)
{
	struct blob blob = stmt_col_blob(q);
	void *copy = malloc(blob.n + 1);

	if (copy && blob.n)
		memcpy(copy, blob.p, blob.n);
	*ret_n = blob.n / size;
	return copy;
}

int generation_table_cells(struct store *s, uint64_t generation, struct cell_keys *ret_cells)
{
	struct stmt *q = stmt(s, "SELECT cells, agents FROM generations WHERE generation = ?");
	struct cell_keys keys = { 0 };
	int r;

	stmt_int(q, (int64_t)generation);
	r = stmt_row(q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	keys.v = copy_blob(q, sizeof(*keys.v), &keys.n);
	keys.agents = copy_blob(q, sizeof(*keys.agents), &keys.agents_count);
	stmt_end(q);
	if (!keys.v || !keys.agents) {
		cell_keys_done(&keys);
		return -ENOMEM;
	}
	*ret_cells = keys;
	return 0;
}
