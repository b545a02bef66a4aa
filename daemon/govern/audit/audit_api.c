// SPDX-License-Identifier: Apache-2.0
/* audit_api.c - see audit_api.h */
#include "audit_api.h"

#include <string.h>

#include "api/view.h"
#include "core/log.h"
#include "govern/govern.h"
#include "secrets.h"
#include "trail.h"
#include "trail/proof.h"

static unsigned int no_store(struct request *q, int error)
{
	return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-error));
}

struct page {
	json_t *list;
	int64_t limit, seen;
};

static int add_head(void *ctx, const struct head *h)
{
	struct page *p = ctx;

	if (p->seen++ == p->limit)
		return 1;
	return json_array_append_new(p->list, head_view(h)) < 0 ? -ENOMEM : 0;
}

static unsigned int get_heads(struct request *q)
{
	struct page page = { .list = json_array(), .limit = query_number(q, "limit") };
	int r = head_table_each(governor_of(q)->store, (uint64_t)query_number(q, "after"), add_head, &page);

	if (r < 0) {
		json_decref(page.list);
		return no_store(q, r);
	}
	return reply(q, 200, json_pack("{s:o, s:b}", "heads", page.list, "more", page.seen > page.limit));
}

static int add_key(void *ctx, const struct key_row *k)
{
	json_t *one = json_pack("{s:o, s:s, s:o, s:o, s:o, s:o}", "public", hex_view(k->public, KEY_BYTES), "reason", k->reason, "since",
				view_time(k->made_ms), "made_by", view_text(k->made_by), "before",
				k->has_before ? hex_view(k->before, KEY_BYTES) : json_null(), "signature",
				hex_view(k->signature, SIGNATURE_BYTES));

	return json_array_append_new(ctx, one) < 0 ? -ENOMEM : 0;
}

static unsigned int get_keys(struct request *q)
{
	json_t *list = json_array();
	int r = key_table_each(governor_of(q)->store, add_key, list);

	if (r < 0) {
		json_decref(list);
		return no_store(q, r);
	}
	return reply(q, 200, json_pack("{s:o}", "keys", list));
}

static unsigned int unproved(struct request *q, int error)
{
	if (error == -ENOENT)
		return refuse(q, 404, "not-found", "it may have been pruned", "there is no such entry or head");
	if (error == -EAGAIN)
		return refuse(q, 409, "not-signed-yet", "try again in a minute", "no signed head covers this entry yet");
	if (error == -ENODATA)
		return refuse(q, 410, "pruned", "a head of a multiple of 256 entries can be proved from for ever", "what the proof needs was pruned");
	return no_store(q, error);
}

static unsigned int get_proof(struct request *q)
{
	struct store *s = governor_of(q)->store;
	char id[ULID_SIZE];
	json_t *proof = NULL;
	int64_t n = 0;
	int r = number_parse(q->params[0], 1, INT64_MAX, &n) == 0 ? 1 : 0;

	if (!r && ulid_normalise(q->params[0], id))
		r = trail_table_find(s, id, &n);
	if (r <= 0)
		return unproved(q, r < 0 ? r : -ENOENT);
	r = proof_inclusion(s, n, &proof);
	return r < 0 ? unproved(q, r) : reply(q, 200, proof);
}

static unsigned int get_consistency(struct request *q)
{
	int64_t from = query_number(q, "from"), to = query_number(q, "to");
	json_t *proof = NULL;
	int r = to && to < from ? -ENOENT : proof_consistency(governor_of(q)->store, (uint64_t)from, (uint64_t)to, &proof);

	return r < 0 ? unproved(q, r) : reply(q, 200, proof);
}

static unsigned int post_rotate(struct request *q)
{
	struct governor *g = governor_of(q);
	uint8_t public[KEY_BYTES];
	int r = trail_rotate(g->trail, caller_of(q)->name, public);

	if (r == -ENOKEY)
		return refuse(q, 409, "no-key", trail_problem(g->trail), "there is no key that could vouch for a new one");
	if (r < 0)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the new key cannot be put in force: %s", strerror(-r));
	log_notice("%s put a new key of the audit trail in force", caller_of(q)->name);
	return reply(q, 200, json_pack("{s:o}", "public", hex_view(public, sizeof(public))));
}

/* {"args": [...]} as the kernel has them: a NUL after each. */
static char *join_args(const json_t *list, size_t *ret_n)
{
	char *text = malloc(CVF_TEXT_MAX);

	*ret_n = 0;
	for (size_t i = 0; text && i < json_array_size(list); i++) {
		size_t n = strlen(json_string_value(json_array_get(list, i))) + 1;

		if (*ret_n + n > CVF_TEXT_MAX)
			break; /* longer than any record: it will not match */
		memcpy(text + *ret_n, json_string_value(json_array_get(list, i)), n);
		*ret_n += n;
	}
	return text;
}

static unsigned int post_match(struct request *q)
{
	struct governor *g = governor_of(q);
	uint8_t stored[CHAIN_BYTES], seal[CHAIN_BYTES];
	own_free char *text = NULL;
	char id[ULID_SIZE];
	size_t n;
	int r = ulid_normalise(q->params[0], id) ? trail_table_seal(g->store, id, stored) : 0;

	if (r < 0)
		return no_store(q, r);
	if (!r)
		return refuse(q, 404, "not-found", NULL, "there is no event %s in whose arguments anything was hidden", q->params[0]);
	text = join_args(json_object_get(q->object, "args"), &n);
	if (!text || secrets_seal(g, id, text, n, seal) < 0)
		return refuse(q, 409, "no-key", "see the journal of cvfd-govern", "the key of the seals cannot be used");
	return reply(q, 200, json_pack("{s:b}", "matches", memcmp(seal, stored, sizeof(seal)) == 0));
}

static const struct shape head_shape = SHAPE("head", M(NUMBER, "size", .about = "entries"), M(NUMBER, "time_ms"),
	M(TEXT, "root", .about = "tree hash of RFC 6962 over the hashes of the chain; bytes are in hexadecimal"), M(TEXT, "chain"),
	M(TEXT, "key"), M(TEXT, "signature"),);
static const struct shape heads_query = SHAPE(NULL, M(NUMBER, "after", .max = INT64_MAX, .about = "a size", .preset = "0"),
	M(NUMBER, "limit", .min = 1, .max = 1000, .preset = "50"),);
static const struct shape heads_shape = SHAPE(NULL, M(OBJECT, "heads", .flags = MANY, .of = &head_shape, .about = "by size"),
	M(YES_NO, "more"),);
static const struct shape keys_shape = SHAPE(NULL, M(OBJECT, "keys", .flags = MANY, .about = "the oldest first", .of = OF(
	M(TEXT, "public"),
	M(WORD, "reason", .words = "first|rotated|replaced", .about = "rotated: the key before signed it; replaced: it did not"),
	M(TIME, "since"), M(TEXT, "made_by"), M(TEXT, "before", .flags = OR_NULL), M(TEXT, "signature"),)),);
static const struct shape proof_shape = SHAPE("proof", M(WORD, "schema", .words = "cvf.proof/v1"),
	M(WORD, "kind", .words = "inclusion|consistency"), M(TEXT, "path", .flags = MANY),
	M(NUMBER, "n", .flags = SOMETIMES, .about = "inclusion: position of the entry"), M(OBJECT, "entry", .flags = SOMETIMES),
	M(TEXT, "before", .flags = SOMETIMES), M(OBJECT, "head", .flags = SOMETIMES, .of = &head_shape),
	M(OBJECT, "from", .flags = SOMETIMES, .of = &head_shape, .about = "consistency: the older head"),
	M(OBJECT, "to", .flags = SOMETIMES, .of = &head_shape),);
static const struct shape consistency_query = SHAPE(NULL, M(NUMBER, "from", .flags = NEEDED, .min = 1, .max = INT64_MAX, .about = "size of a head"),
	M(NUMBER, "to", .min = 1, .max = INT64_MAX, .about = "absent: the newest"),);
static const struct shape match_body = SHAPE(NULL, M(TEXT, "args", .flags = NEEDED | MANY, .max = CVF_TEXT_MAX, .about = "argv as it was"),);
static const struct shape match_shape = SHAPE(NULL, M(YES_NO, "matches"),);
static const struct shape rotated_shape = SHAPE(NULL, M(TEXT, "public"),);

static const struct route table[] = {
	{ "GET", "/v1/audit/heads", ROLE_VIEWER, 0, get_heads, "Signed heads of the audit trail", .query = &heads_query,
	  .answer = &heads_shape },
	{ "GET", "/v1/audit/keys", ROLE_VIEWER, 0, get_keys, "Public keys that sign heads", .answer = &keys_shape },
	{ "GET", "/v1/audit/proof/{record}", ROLE_VIEWER, 0, get_proof, "Proof that an entry is in the trail",
	  "`record` is the id of an event or an act, or its position. For `cvfctl audit check-proof`; 409 while no head covers the entry.",
	  .answer = &proof_shape },
	{ "GET", "/v1/audit/consistency", ROLE_VIEWER, 0, get_consistency, "Proof that a head continues an older one",
	  "410 when what the proof needs was pruned.", .query = &consistency_query, .answer = &proof_shape },
	{ "POST", "/v1/audit/match/{event}", ROLE_ADMIN, 0, post_match, "Were these the arguments of an event, before secrets in them were hidden",
	  .body = &match_body, .answer = &match_shape },
	{ "POST", "/v1/audit/rotate-key", ROLE_ADMIN, 0, post_rotate, "Sign with a new key from now on",
	  "The old key signs the new one, in an act of the trail.", .answer = &rotated_shape },
};

const struct routes audit_routes = { table, ARRAY_SIZE(table), "Audit" };
