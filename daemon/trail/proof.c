// SPDX-License-Identifier: Apache-2.0
/* proof.c - see proof.h */
#include "proof.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "entry.h"
#include "json/doc.h"

#define RECORD_HEX (2 * sizeof(struct cvf_record) + 1)

/* ---- making ---- */

static json_t *text_view(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *blob_view(struct blob blob)
{
	static char text[RECORD_HEX];

	if (blob.n > sizeof(struct cvf_record))
		return NULL;
	return json_string(sodium_bin2hex(text, sizeof(text), blob.p, blob.n));
}

static json_t *entry_view(const struct names *names, const struct entry *e)
{
	const struct cvf_record *r = e->is_act ? NULL : entry_record(e);
	json_t *to = json_pack("{s:s, s:s, s:o, s:I}", "type", e->is_act ? "act" : "event", "id", e->id, "boot_id",
			       text_view(names_find(names, NAME_BOOT, e->boot)), "time_ms", (json_int_t)e->time_ms);

	if (e->is_act) {
		json_object_set_new(to, "kind", json_string(e->kind));
		json_object_set_new(to, "body", json_string(e->body));
		return to;
	}
	json_object_set_new(to, "agent", text_view(r ? names_find(names, NAME_AGENT, r->agent) : NULL));
	json_object_set_new(to, "capability", text_view(r ? names_find(names, NAME_CAPABILITY, r->capability) : NULL));
	json_object_set_new(to, "rule", text_view(r ? names_find(names, NAME_RULE, r->rule) : NULL));
	json_object_set_new(to, "record", blob_view(e->record));
	json_object_set_new(to, "seal", e->has_seal ? blob_view(e->seal) : json_null());
	return to;
}

static json_t *path_view(const struct merkle_path *path)
{
	json_t *list = json_array();

	for (size_t i = 0; i < path->n; i++)
		json_array_append_new(list, hex_view(path->hash[i], MERKLE_BYTES));
	return list;
}

/* The hash that an entry follows: of the entry before, or of the anchor. */
static int hash_before(struct store *s, int64_t n, uint8_t ret_hash[CHAIN_BYTES])
{
	struct anchor anchor;
	int r;

	memset(ret_hash, 0, CHAIN_BYTES);
	if (n == 1)
		return 0;
	r = trail_table_hash(s, n - 1, ret_hash);
	if (r)
		return r < 0 ? r : 0;
	r = anchor_table_get(s, &anchor);
	if (r == 0 && anchor.n == n - 1)
		memcpy(ret_hash, anchor.hash, CHAIN_BYTES);
	return r < 0 ? r : anchor.n == n - 1 ? 0 : -ENODATA;
}

static int view_at(struct store *s, int64_t n, json_t **ret_entry)
{
	const struct entry *e;
	struct entries entries;
	struct names names;
	int r = names_load(s, &names);

	if (r < 0)
		return r;
	entries_open(s, n - 1, &entries);
	r = entries_next(&entries, &e);
	if (r > 0 && e->n == n)
		*ret_entry = entry_view(&names, e);
	entries_close(&entries);
	names_done(&names);
	return r < 0 ? r : *ret_entry ? 0 : -ENOENT;
}

int proof_inclusion(struct store *s, int64_t n, json_t **ret_proof)
{
	struct merkle_path path;
	struct head head;
	uint8_t before[CHAIN_BYTES];
	json_t *entry = NULL;
	int r = n > 0 ? head_table_cover(s, (uint64_t)n, &head) : -ENOENT;

	if (r <= 0)
		return r < 0 ? r : -EAGAIN;
	r = hash_before(s, n, before);
	if (r == 0)
		r = merkle_inclusion((uint64_t)n - 1, head.size, node_get, s, &path);
	if (r == 0)
		r = view_at(s, n, &entry);
	if (r < 0)
		return r;
	*ret_proof = json_pack("{s:s, s:s, s:I, s:o, s:o, s:o, s:o}", "schema", "cvf.proof/v1", "kind", "inclusion", "n", (json_int_t)n,
			       "entry", entry, "before", hex_view(before, sizeof(before)), "path", path_view(&path), "head",
			       head_view(&head));
	return *ret_proof ? 0 : -ENOMEM;
}

int proof_consistency(struct store *s, uint64_t from, uint64_t to, json_t **ret_proof)
{
	struct merkle_path path;
	struct head first, last;
	int r = head_table_find(s, from, &first);

	if (r > 0)
		r = to ? head_table_find(s, to, &last) : head_table_last(s, &last);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = merkle_consistency(first.size, last.size, node_get, s, &path);
	if (r < 0)
		return r;
	*ret_proof = json_pack("{s:s, s:s, s:o, s:o, s:o}", "schema", "cvf.proof/v1", "kind", "consistency", "from", head_view(&first), "to",
			       head_view(&last), "path", path_view(&path));
	return *ret_proof ? 0 : -ENOMEM;
}

/* ---- checking ---- */

static bool says(char words[PROOF_WORDS], const char *why)
{
	snprintf(words, PROOF_WORDS, "%s", why);
	return false;
}

static bool read_path(const json_t *proof, struct merkle_path *path)
{
	const json_t *list = json_object_get(proof, "path");

	path->n = 0;
	if (!json_is_array(list) || json_array_size(list) > MERKLE_PATH_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!hex_read(json_string_value(json_array_get(list, i)), path->hash[path->n++], MERKLE_BYTES))
			return false;
	return true;
}

static const char *text_at(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool hash_act(const json_t *e, const uint8_t before[CHAIN_BYTES], uint8_t ret_hash[CHAIN_BYTES])
{
	struct chain_act act = { .id = text_at(e, "id"), .boot_id = text_at(e, "boot_id"), .kind = text_at(e, "kind"),
				 .body = text_at(e, "body"), .time_ms = json_integer_value(json_object_get(e, "time_ms")) };

	if (!act.id || !act.kind || !act.body)
		return false;
	chain_hash_act(before, &act, ret_hash);
	return true;
}

static bool hash_event(const json_t *e, const uint8_t before[CHAIN_BYTES], uint8_t ret_hash[CHAIN_BYTES])
{
	static uint8_t record[sizeof(struct cvf_record)];
	uint8_t seal[CHAIN_BYTES];
	const char *hex = text_at(e, "record"), *sealed = text_at(e, "seal");
	struct chain_link link = { .id = text_at(e, "id"), .boot_id = text_at(e, "boot_id"), .agent = text_at(e, "agent"),
				   .capability = text_at(e, "capability"), .rule = text_at(e, "rule"), .record = record,
				   .time_ms = json_integer_value(json_object_get(e, "time_ms")) };

	if (!hex || !link.id || strlen(hex) / 2 > sizeof(record) || !hex_read(hex, record, strlen(hex) / 2))
		return false;
	link.record_size = strlen(hex) / 2;
	if (sealed && !hex_read(sealed, seal, sizeof(seal)))
		return false;
	link.seal = sealed ? seal : NULL;
	chain_hash(before, &link, ret_hash);
	return true;
}

static bool hash_entry(const json_t *proof, uint8_t ret_hash[CHAIN_BYTES])
{
	const json_t *entry = json_object_get(proof, "entry");
	const char *type = text_at(entry, "type");
	uint8_t before[CHAIN_BYTES];

	if (!type || !hex_read(text_at(proof, "before"), before, sizeof(before)))
		return false;
	if (strcmp(type, "act") == 0)
		return hash_act(entry, before, ret_hash);
	return strcmp(type, "event") == 0 && hash_event(entry, before, ret_hash);
}

static bool check_head(const json_t *from, const uint8_t *key, struct head *ret_head, char words[PROOF_WORDS])
{
	if (!head_read(from, ret_head))
		return says(words, "its head is malformed");
	if (!head_is_signed(ret_head))
		return says(words, "its head is not signed by the key it names");
	if (key && memcmp(key, ret_head->key, KEY_BYTES) != 0)
		return says(words, "its head is signed by another key than the one that was given");
	return true;
}

static bool check_inclusion(const json_t *proof, const uint8_t *key, char words[PROOF_WORDS])
{
	int64_t n = json_integer_value(json_object_get(proof, "n"));
	uint8_t hash[CHAIN_BYTES], leaf[MERKLE_BYTES];
	struct merkle_path path;
	struct head head;

	if (n < 1 || !read_path(proof, &path) || !hash_entry(proof, hash))
		return says(words, "it is malformed");
	if (!check_head(json_object_get(proof, "head"), key, &head, words))
		return false;
	merkle_leaf(hash, sizeof(hash), leaf);
	if (!merkle_included(leaf, (uint64_t)n - 1, head.size, &path, head.root))
		return says(words, "the entry and the path do not lead to the root that was signed");
	snprintf(words, PROOF_WORDS, "entry %" PRId64 " is one of the %" PRIu64 " entries that were signed for", n, head.size);
	return true;
}

static bool check_consistency(const json_t *proof, const uint8_t *key, char words[PROOF_WORDS])
{
	struct merkle_path path;
	struct head from, to;

	if (!read_path(proof, &path))
		return says(words, "it is malformed");
	/* The older head may be of an older key; the newer one's is the one to trust. */
	if (!check_head(json_object_get(proof, "from"), NULL, &from, words) || !check_head(json_object_get(proof, "to"), key, &to, words))
		return false;
	if (!merkle_consistent(from.size, from.root, to.size, to.root, &path))
		return says(words, "the path does not lead from the one root to the other");
	snprintf(words, PROOF_WORDS, "the %" PRIu64 " entries signed for first are the first of the %" PRIu64 " signed for later", from.size,
		 to.size);
	return true;
}

bool proof_check(const json_t *proof, const uint8_t *key, char ret_words[PROOF_WORDS])
{
	const char *kind = text_at(proof, "kind"), *schema = text_at(proof, "schema");

	if (!kind || !schema || strcmp(schema, "cvf.proof/v1") != 0)
		return says(ret_words, "it is no document of the schema cvf.proof/v1");
	if (strcmp(kind, "inclusion") == 0)
		return check_inclusion(proof, key, ret_words);
	if (strcmp(kind, "consistency") == 0)
		return check_consistency(proof, key, ret_words);
	return says(ret_words, "its kind is neither inclusion nor consistency");
}
