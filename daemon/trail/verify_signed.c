// SPDX-License-Identifier: Apache-2.0
/* verify_signed.c - the part of verify.h about keys, heads, declared losses, and heads known from elsewhere */
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "json/doc.h"
#include "verify_internal.h"

#define LINE_MAX_BYTES 4096

/* ---- keys ---- */

static int add_key(void *ctx, const struct key_row *k)
{
	struct verify *v = ctx;
	struct key_row *grown = reallocarray(v->keys, v->keys_count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	v->keys = grown;
	v->keys[v->keys_count++] = *k;
	return 0;
}

static bool is_pinned(const struct verify *v, const uint8_t public[KEY_BYTES])
{
	for (size_t i = 0; i < v->options->keys_count; i++)
		if (memcmp(v->options->keys[i], public, KEY_BYTES) == 0)
			return true;
	return false;
}

static bool is_rotated(const struct key_row *k, const struct key_row *before)
{
	return k->has_before && memcmp(k->before, before->public, KEY_BYTES) == 0 &&
	       key_is_endorsed(k->before, k->public, k->signature);
}

static void check_key(struct verify *v, size_t i)
{
	const struct key_row *k = &v->keys[i];
	struct finding f = { .fault = FAULT_KEY };
	char hex[2 * KEY_BYTES + 1];

	sodium_bin2hex(hex, sizeof(hex), k->public, KEY_BYTES);
	if (is_pinned(v, k->public) || (i && is_rotated(k, &v->keys[i - 1])))
		return;
	if (i)
		verify_found(v, &f, "key %.16s... took the place of another without its word (%s)", hex, k->reason);
	else if (!key_is_endorsed(NULL, k->public, k->signature))
		verify_found(v, &f, "the first key, %.16s..., does not vouch for itself", hex);
}

static int count_one(struct stmt *q, void *ctx)
{
	*(int64_t *)ctx = stmt_col_int(q);
	return 0;
}

/* Keys whose acts were pruned come first; the others are met in the trail. */
int verify_keys_load(struct verify *v)
{
	int64_t acts = 0;
	int r = key_table_each(v->store, add_key, v);

	if (r == 0)
		r = stmt_one(stmt(v->store, "SELECT count(*) FROM acts WHERE kind = 'key'"), count_one, &acts);
	if (r < 0)
		return r;
	if (v->keys_count)
		memcpy(v->result->first_key, v->keys[0].public, KEY_BYTES);
	v->key_next = (uint64_t)acts < v->keys_count ? v->keys_count - (size_t)acts : 0;
	for (size_t i = 0; i < v->keys_count; i++)
		check_key(v, i);
	return 0;
}

static bool knows_key(const struct verify *v, const uint8_t public[KEY_BYTES])
{
	for (size_t i = 0; i < v->keys_count; i++)
		if (memcmp(v->keys[i].public, public, KEY_BYTES) == 0)
			return true;
	return is_pinned(v, public);
}

/* Is a key given, or vouched for by one that was, or is nothing given? */
static bool is_trusted(const struct verify *v, const uint8_t public[KEY_BYTES])
{
	bool trusted = !v->options->keys_count;

	for (size_t i = 0; i < v->keys_count; i++) {
		trusted = is_pinned(v, v->keys[i].public) || !v->options->keys_count ||
			  (trusted && i && is_rotated(&v->keys[i], &v->keys[i - 1]));
		if (memcmp(v->keys[i].public, public, KEY_BYTES) == 0)
			return trusted;
	}
	return false;
}

/* ---- acts that say something about the trail itself ---- */

static void on_key(struct verify *v, const struct entry *e, const json_t *body)
{
	struct finding f = { .fault = FAULT_KEY, .n = e->n, .last_n = e->n };
	uint8_t public[KEY_BYTES];

	if (hex_read(json_string_value(json_object_get(body, "public")), public, sizeof(public)) && v->key_next < v->keys_count &&
	    memcmp(v->keys[v->key_next].public, public, sizeof(public)) == 0)
		v->key_next++;
	else
		verify_found(v, &f, "the key that entry %" PRId64 " put in force is not the one that is stored", e->n);
}

struct gap_check {
	int64_t boot, cpu, ring, first, last;
	bool is_same;
};

static int compare_gap(struct stmt *q, void *ctx)
{
	struct gap_check *c = ctx;
	int64_t span = c->last - c->first + 1, missing;

	c->is_same = stmt_col_int(q) == c->boot;
	c->is_same &= stmt_col_int(q) == c->cpu;
	c->is_same &= stmt_col_int(q) == c->ring;
	c->is_same &= stmt_col_int(q) == c->first;
	c->is_same &= stmt_col_int(q) == c->last;
	missing = stmt_col_int(q);
	c->is_same &= missing >= 0 && missing <= span;
	return 0;
}

static int64_t number(const json_t *body, const char *name)
{
	return json_integer_value(json_object_get(body, name));
}

static int on_gap(struct verify *v, const struct entry *e, const json_t *body)
{
	struct gap_check c = { number(body, "boot"), number(body, "cpu"), number(body, "ring"), number(body, "first"),
			       number(body, "last"), false };
	struct finding f = { .fault = FAULT_GAP, .n = e->n, .last_n = e->n };
	struct stmt *q = stmt(v->store, "SELECT boot, cpu, ring, first, last, missing FROM gaps WHERE id = ?");
	int r;

	stmt_text(q, json_string_value(json_object_get(body, "gap")));
	r = stmt_one(q, compare_gap, &c);
	if (r >= 0 && !c.is_same)
		verify_found(v, &f, "the loss that entry %" PRId64 " declared is not what is stored of it", e->n);
	return r < 0 ? r : 0;
}

int verify_act(struct verify *v, const struct entry *e)
{
	own_json json_t *body = NULL;

	if (strcmp(e->kind, "key") != 0 && strcmp(e->kind, "gap") != 0)
		return 0;
	body = json_loads(e->body, 0, NULL);
	if (strcmp(e->kind, "gap") == 0)
		return on_gap(v, e, body);
	on_key(v, e, body);
	return 0;
}

struct said {
	int64_t n;
	uint8_t hash[CHAIN_BYTES];
	bool is_read;
};

static int read_pruned(struct stmt *q, void *ctx)
{
	struct said *s = ctx;
	own_json json_t *body = json_loads(stmt_col_text(q), 0, NULL);

	s->n = number(body, "through");
	s->is_read = hex_read(json_string_value(json_object_get(body, "hash")), s->hash, sizeof(s->hash));
	return 0;
}

int verify_last_pruned(struct verify *v, int64_t *ret_n, uint8_t ret_hash[CHAIN_BYTES])
{
	struct said s = { 0 };
	int r = stmt_one(stmt(v->store, "SELECT body FROM acts WHERE kind = 'pruned' ORDER BY n DESC LIMIT 1"), read_pruned, &s);

	*ret_n = s.n;
	memcpy(ret_hash, s.hash, CHAIN_BYTES);
	return r < 0 ? r : s.is_read;
}

static int sum_gaps(struct stmt *q, void *ctx)
{
	struct verify_result *to = ctx;

	to->gaps = stmt_col_int(q);
	to->missing = stmt_col_int(q);
	return 0;
}

int verify_gaps(struct verify *v)
{
	int r = stmt_one(stmt(v->store, "SELECT count(*), ifnull(sum(missing), 0) FROM gaps"), sum_gaps, v->result);

	return r < 0 ? r : 0;
}

/* ---- heads ---- */

static bool check_signature(struct verify *v, const struct head *h)
{
	struct finding f = { .fault = FAULT_SIGNATURE, .n = (int64_t)h->size, .last_n = (int64_t)h->size };
	const struct key_row *now = v->key_next ? &v->keys[v->key_next - 1] : NULL;

	if (!head_is_signed(h)) {
		verify_found(v, &f, "the head over %" PRIu64 " entries is not signed by the key it names", h->size);
		return false;
	}
	if (h->size < (uint64_t)v->result->pruned_n ? knows_key(v, h->key) : now && memcmp(now->public, h->key, KEY_BYTES) == 0)
		return true;
	f.fault = FAULT_KEY;
	verify_found(v, &f, "the head over %" PRIu64 " entries is signed by a key that was not in force then", h->size);
	return false;
}

static void compare_head(struct verify *v, const struct head *h)
{
	struct finding f = { .fault = FAULT_HEAD, .n = (int64_t)v->result->head.size + 1, .last_n = (int64_t)h->size };
	uint8_t root[MERKLE_BYTES];

	v->result->heads++;
	if (!check_signature(v, h) || v->block_is_bad || v->tree_is_lost)
		return;
	merkle_root(&v->tree, root);
	if (memcmp(root, h->root, MERKLE_BYTES) == 0 && memcmp(v->chain, h->chain, CHAIN_BYTES) == 0)
		v->result->head = *h;
	else
		verify_found(v, &f, "the entries %" PRId64 " to %" PRId64 " are not those that the head over %" PRIu64 " was signed for",
			     f.n, f.last_n, h->size);
}

static int read_next_head(struct verify *v, uint64_t from)
{
	v->has_head = head_table_cover(v->store, from, &v->next_head);
	return v->has_head < 0 ? v->has_head : 0;
}

int verify_heads_open(struct verify *v)
{
	int r = read_next_head(v, 0);

	while (r == 0 && v->has_head && v->next_head.size < v->tree.size) {
		v->result->heads++;
		check_signature(v, &v->next_head);
		r = read_next_head(v, v->next_head.size + 1);
	}
	return r < 0 ? r : verify_heads(v);
}

int verify_heads(struct verify *v)
{
	if (!v->has_head || v->next_head.size != v->tree.size)
		return 0;
	compare_head(v, &v->next_head);
	return read_next_head(v, v->next_head.size + 1);
}

static void check_newest(struct verify *v)
{
	const struct head *h = &v->result->head;
	struct finding f = { .fault = FAULT_KEY };

	if (v->key_next < v->keys_count)
		verify_found(v, &f, "%zu stored keys were never put in force by the trail", v->keys_count - v->key_next);
	if (h->size && !is_trusted(v, h->key))
		verify_found(v, &f, "the newest head is signed by a key that none of the given ones vouches for");
	if (!h->size && v->options->keys_count && v->n)
		verify_found(v, &f, "no head is signed by the given keys");
	v->result->unsigned_entries = v->n - (int64_t)h->size;
	if (v->result->unsigned_entries < 0)
		v->result->unsigned_entries = 0;
}

int verify_heads_rest(struct verify *v)
{
	struct finding f = { .fault = FAULT_CUT_OFF, .n = v->n + 1 };
	int r = 0;

	while (r == 0 && v->has_head) {
		v->result->heads++;
		check_signature(v, &v->next_head);
		f.last_n = (int64_t)v->next_head.size;
		r = read_next_head(v, v->next_head.size + 1);
	}
	if (f.last_n)
		verify_found(v, &f, "entries %" PRId64 " to %" PRId64 " were cut off: a signed head speaks of them", f.n, f.last_n);
	check_newest(v);
	return r;
}

/* ---- heads known from elsewhere ---- */

/* 1: the store has this head's entries, 0: it has others, -ENODATA: it cannot be said. */
static int has_entries(struct verify *v, const struct head *h)
{
	struct head stored;
	uint8_t root[MERKLE_BYTES];
	int r = head_table_find(v->store, h->size, &stored);

	if (r < 0)
		return r;
	if (r > 0)
		return memcmp(stored.root, h->root, MERKLE_BYTES) == 0;
	r = merkle_root_of(h->size, node_get, v->store, root);
	return r < 0 ? r : memcmp(root, h->root, MERKLE_BYTES) == 0;
}

static int on_known(struct verify *v, const struct head *h, struct head *beyond)
{
	struct finding f = { .fault = FAULT_ROLLED_BACK, .n = 1, .last_n = (int64_t)h->size };
	int r;

	if (!head_is_signed(h))
		return 0;	/* anybody may have written it */
	if (!knows_key(v, h->key)) {
		f.fault = FAULT_KEY;
		verify_found(v, &f, "a head over %" PRIu64 " entries that is known from elsewhere is signed by a key that this store never had",
			     h->size);
		return 0;
	}
	v->result->known_heads++;
	if (h->size > (uint64_t)v->n) {
		if (h->size > beyond->size)
			*beyond = *h;
		return 0;
	}
	r = has_entries(v, h);
	if (!r)
		verify_found(v, &f, "the entries 1 to %" PRIu64 " are not those of a head that is known from elsewhere", h->size);
	return r < 0 && r != -ENODATA ? r : 0;
}

int verify_known_heads(struct verify *v, const char *path)
{
	own_file FILE *in = fopen(path, "re");
	char line[LINE_MAX_BYTES];
	struct head h, beyond = { 0 };
	struct finding f = { .fault = FAULT_ROLLED_BACK, .n = v->n + 1 };
	int r = in ? 0 : -errno;

	while (r == 0 && fgets(line, sizeof(line), in)) {
		own_json json_t *one = json_loads(line, 0, NULL);

		if (one && head_read(one, &h))
			r = on_known(v, &h, &beyond);
	}
	f.last_n = (int64_t)beyond.size;
	if (beyond.size)
		verify_found(v, &f, "a head that is known from elsewhere speaks of %" PRIu64 " entries, the store ends with %" PRId64
			     ": its end was cut off, or an older copy was put in its place", beyond.size, v->n);
	return r;
}
