// SPDX-License-Identifier: Apache-2.0
/* repeat.c - see repeat.h */
#include "repeat.h"

#include <sodium.h>
#include <string.h>

#include "core/log.h"
#include "govern/govern.h"
#include "json/memory.h"
#include "store/stmt.h"

#define KEEP_MS 86400000LL
#define KEEP_PER_CALLER 1000
#define ANSWER_MAX (256u << 10)
#define HASH_BYTES 32

struct kept_answer {
	bool is_same, has_answer;
	unsigned int status;
	json_t *answer;
	const unsigned char *hash;
};

static void hash_request(const struct request *q, unsigned char ret_hash[HASH_BYTES])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
	crypto_generichash_update(&state, (const unsigned char *)q->path, strlen(q->path) + 1);
	for (size_t i = 0; i < q->query_count; i++) {
		crypto_generichash_update(&state, (const unsigned char *)q->query[i].name, strlen(q->query[i].name) + 1);
		crypto_generichash_update(&state, (const unsigned char *)q->query[i].value, strlen(q->query[i].value) + 1);
	}
	crypto_generichash_update(&state, (const unsigned char *)q->body, q->body_size);
	crypto_generichash_final(&state, ret_hash, HASH_BYTES);
}

static int look(struct stmt *q, void *ctx)
{
	struct kept_answer *k = ctx;
	struct blob hash = stmt_col_blob(q);
	const char *answer;

	k->is_same = hash.n == HASH_BYTES && memcmp(hash.p, k->hash, HASH_BYTES) == 0;
	k->status = (unsigned int)stmt_col_int(q);
	answer = stmt_col_text(q);
	k->has_answer = answer;
	k->answer = answer ? json_loads(answer, JSON_DECODE_ANY, NULL) : NULL;
	return 1;
}

static int find(struct request *q, const char *key, struct kept_answer *k)
{
	struct stmt *s = stmt(governor_of(q)->store, "SELECT request, status, answer FROM repeats WHERE caller = ? AND key = ? AND made_ms > ?");

	stmt_text(s, caller_of(q)->name);
	stmt_text(s, key);
	stmt_int(s, clock_age_ms() - KEEP_MS);
	return stmt_one(s, look, k);
}

/* Old ones of everybody, and the oldest of this caller beyond its share. */
static int tidy(struct store *store, const char *caller)
{
	struct stmt *s = stmt(store, "DELETE FROM repeats WHERE made_ms <= ?");
	int r;

	stmt_int(s, clock_age_ms() - KEEP_MS);
	r = stmt_run(s);
	if (r < 0)
		return r;
	s = stmt(store, "DELETE FROM repeats WHERE caller = ?1 AND key IN"
			" (SELECT key FROM repeats WHERE caller = ?1 ORDER BY made_ms DESC, key LIMIT -1 OFFSET ?2)");
	stmt_text(s, caller);
	stmt_int(s, KEEP_PER_CALLER - 1);
	return stmt_run(s);
}

static int keep(struct request *q, const char *key, const unsigned char hash[HASH_BYTES], unsigned int status, unsigned long failures)
{
	bool is_whole = memory_failures() == failures;
	own_free char *text = is_whole && q->reply && !q->is_secret ? json_dumps(q->reply, JSON_COMPACT) : NULL;
	struct store *store = governor_of(q)->store;
	int64_t now = clock_utc_ms();
	struct stmt *s;
	int r = tidy(store, caller_of(q)->name);

	if (r < 0)
		return r;
	s = stmt(store, "INSERT OR REPLACE INTO repeats (caller, key, request, status, answer, made_ms) VALUES (?, ?, ?, ?, ?, ?)");
	stmt_text(s, caller_of(q)->name);
	stmt_text(s, key);
	stmt_blob(s, hash, HASH_BYTES);
	stmt_int(s, status);
	stmt_text(s, text && strlen(text) <= ANSWER_MAX ? text : NULL);
	stmt_int(s, now);
	return stmt_run(s);
}

static unsigned int answer_again(struct request *q, const struct kept_answer *k)
{
	if (!k->is_same) {
		json_decref(k->answer);
		return refuse(q, 422, "key-reused", "a new request needs a new key", "the Idempotency-Key was used for another request");
	}
	if (!k->has_answer)
		return refuse(q, 409, "done-before", "ask with GET what came of it",
			      "this request was done, with status %u; its answer was not kept", k->status);
	request_add_header(q, "Idempotent-Replayed", "true");
	return reply(q, k->status, k->answer);
}

static bool is_well_formed(const char *key)
{
	size_t n = 0;

	while (key[n] > ' ' && key[n] < 0x7f)
		n++;
	return n && n <= REPEAT_KEY_MAX && !key[n];
}

unsigned int repeat_run(struct request *q, const struct route *route)
{
	const char *key = strcmp(route->method, "POST") == 0 ? request_header(q, "Idempotency-Key") : NULL;
	unsigned char hash[HASH_BYTES];
	struct kept_answer k = { .hash = hash };
	unsigned long failures;
	unsigned int status;
	int r;

	if (!key)
		return route->handle(q);
	if (!is_well_formed(key))
		return refuse(q, 400, "bad-header", "write at most 128 printable characters without spaces", "the Idempotency-Key cannot be understood");
	hash_request(q, hash);
	r = find(q, key, &k);
	if (r < 0)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "whether this was done before cannot be read: %s", strerror(-r));
	if (r > 0)
		return answer_again(q, &k);
	failures = memory_failures();
	status = route->handle(q);
	if (status < 500 && !q->stream && keep(q, key, hash, status == STATUS_NONE ? 200 : status, failures) < 0)
		log_warning("an answer could not be kept: the same Idempotency-Key would do its work again");
	return status;
}
