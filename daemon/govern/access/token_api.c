// SPDX-License-Identifier: Apache-2.0
/* token_api.c - /v1/tokens */
#include <string.h>

#include "api/view.h"
#include "token.h"
#include "token_secret.h"

#define TOKENS_MAX 1000
#define DAY_S 86400LL

static const enum role all_roles[] = { ROLE_VIEWER, ROLE_OPERATOR, ROLE_APPROVER, ROLE_ADMIN };

static json_t *view_roles(unsigned int roles)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(all_roles); i++)
		if (roles & all_roles[i])
			json_array_append_new(list, json_string(role_word(all_roles[i])));
	return list;
}

struct listing {
	json_t *list;
	int64_t left;
	bool has_more;
};

static int add(void *ctx, const struct token *t)
{
	struct listing *l = ctx;
	json_t *one;

	if (l->left-- == 0) {
		l->has_more = true;
		return 1;
	}
	one = json_object();
	view_set(one, "id", json_string(t->id));
	view_set(one, "name", view_text(t->name));
	view_set(one, "roles", view_roles(t->roles));
	view_set(one, "routes", json_loads(t->routes, 0, NULL));
	view_set(one, "state", json_string(t->revoked_ms ? "revoked" : t->expires_ms <= clock_utc_ms() ? "expired" : "active"));
	view_set(one, "created_at", view_time(t->made_ms));
	view_set(one, "created_by", view_text(t->made_by));
	view_set(one, "expires_at", view_time(t->expires_ms));
	view_set(one, "last_use", view_time(t->last_use_ms));
	view_set(one, "revoked_at", view_time(t->revoked_ms));
	view_set(one, "revoked_by", view_text(t->revoked_by));
	json_array_append_new(l->list, one);
	return 0;
}

static unsigned int refuse_store(struct request *q)
{
	return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read or written");
}

static unsigned int get_tokens(struct request *q)
{
	struct listing l = { .list = json_array(), .left = query_number(q, "limit") };
	const char *next = NULL;

	if (token_table_each(governor_of(q)->store, query_text(q, "cursor"), l.left + 1, add, &l) < 0) {
		json_decref(l.list);
		return refuse_store(q);
	}
	if (l.has_more)
		next = json_string_value(json_object_get(json_array_get(l.list, json_array_size(l.list) - 1), "id"));
	return reply(q, 200, json_pack("{s:o, s:s?}", "tokens", l.list, "next", next));
}

static unsigned int read_roles(const struct request *q)
{
	const json_t *list = json_object_get(q->object, "roles");
	unsigned int roles = 0;

	for (size_t i = 0; i < json_array_size(list); i++)
		roles |= role_find(json_string_value(json_array_get(list, i)));
	return roles;
}

/* Stored first, then shown: what nobody was shown opens nothing. */
static unsigned int make(struct request *q, struct token *t)
{
	unsigned char bytes[TOKEN_SECRET_BYTES];
	char secret[TOKEN_SECRET_SIZE], text[TOKEN_TEXT_SIZE];
	struct listing l = { .list = json_array(), .left = 1 };
	json_t *one;

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2base64(secret, sizeof(secret), bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	token_hash(secret, t->hash);
	if (token_table_add(governor_of(q)->store, t) < 0) {
		json_decref(l.list);
		return refuse_store(q);
	}
	snprintf(text, sizeof(text), "cvf_%s_%s", t->id, secret);
	add(&l, t);
	one = json_incref(json_array_get(l.list, 0));
	json_decref(l.list);
	view_set(one, "token", json_string(text));
	sodium_memzero(bytes, sizeof(bytes));
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(text, sizeof(text));
	q->is_secret = true;
	return reply(q, 201, one);
}

static unsigned int post_token(struct request *q)
{
	struct governor *g = governor_of(q);
	const json_t *given = json_object_get(q->object, "routes");
	own_free char *routes = json_is_array(given) ? json_dumps(given, JSON_COMPACT) : strdup("[]");
	int64_t now = clock_utc_ms(), count = 0;
	char id[ULID_SIZE];
	struct token t = { .id = id, .name = body_text(q, "name"), .routes = routes, .made_ms = now, .made_by = caller_of(q)->name,
			   .roles = read_roles(q), .expires_ms = now + body_number(q, "for_s") * 1000 };

	if (!routes)
		return refuse(q, 500, "no-memory", NULL, "out of memory");
	if (token_table_count(g->store, now, &count) < 0)
		return refuse_store(q);
	if (count >= TOKENS_MAX)
		return refuse(q, 409, "too-many", "revoke some", "there are %lld tokens already", (long long)count);
	ulid_next(&g->ids, (uint64_t)now, id);
	return make(q, &t);
}

static unsigned int delete_token(struct request *q)
{
	char id[ULID_SIZE];
	int r = ulid_normalise(q->params[0], id) ? token_table_revoke(governor_of(q)->store, id, caller_of(q)->name, clock_utc_ms()) : 0;

	if (r < 0)
		return refuse_store(q);
	if (!r)
		return refuse(q, 404, "not-found", "GET /v1/tokens lists the tokens", "there is no active token %s", q->params[0]);
	return reply(q, 200, json_pack("{s:s, s:s}", "id", id, "state", "revoked"));
}

#define ROLE_WORDS "viewer|operator|approver|admin"
#define TOKEN M(TEXT, "id"), M(TEXT, "name"), M(WORD, "roles", .flags = MANY, .words = ROLE_WORDS), \
	M(TEXT, "routes", .flags = MANY, .about = "globs of paths as the document has them; empty: all"), \
	M(WORD, "state", .words = "active|expired|revoked"), M(TIME, "created_at"), M(TEXT, "created_by"), M(TIME, "expires_at"), \
	M(TIME, "last_use", .flags = OR_NULL), M(TIME, "revoked_at", .flags = OR_NULL), M(TEXT, "revoked_by", .flags = OR_NULL)
static const struct shape token_shape = SHAPE("token", TOKEN,);
static const struct shape made_shape = SHAPE(NULL, TOKEN, M(TEXT, "token", .about = "shown this once"),);
static const struct shape list_query = SHAPE(NULL, PAGE_OF(1000, "200"),);
static const struct shape list_shape = SHAPE(NULL, M(OBJECT, "tokens", .flags = MANY, .of = &token_shape), NEXT_PAGE,);
static const struct shape new_shape = SHAPE(NULL, M(TEXT, "name", .flags = NEEDED, .max = 40),
	M(WORD, "roles", .flags = NEEDED | MANY, .words = ROLE_WORDS), M(TEXT, "routes", .flags = MANY, .max = 128),
	M(NUMBER, "for_s", .min = 60, .max = 366 * DAY_S, .preset = "7776000"),);
static const struct shape revoked_shape = SHAPE(NULL, M(TEXT, "id"), M(WORD, "state", .words = "revoked"),);

static const struct route table[] = {
	{ "GET", "/v1/tokens", ROLE_ADMIN, 0, get_tokens, "Tokens for the API on TCP, the newest first", .query = &list_query, .answer = &list_shape },
	{ "POST", "/v1/tokens", ROLE_ADMIN, 0, post_token, "Make a token",
	  "It is sent as `Authorization: Bearer TOKEN` or `X-API-Key: TOKEN`. Only a hash of it is kept. It has the roles named here that\n"
	  "`api.token_roles` of cvfd.json leaves it, and never is a person.", .body = &new_shape, .answer = &made_shape, .status = 201 },
	{ "DELETE", "/v1/tokens/{id}", ROLE_ADMIN, 0, delete_token, "Revoke a token", .answer = &revoked_shape },
};

const struct routes token_routes = { table, ARRAY_SIZE(table), "Tokens" };
