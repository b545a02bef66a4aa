// SPDX-License-Identifier: Apache-2.0
/* token.c - see token.h */
#include "token.h"

#include <fnmatch.h>
#include <sodium.h>
#include <string.h>

#include "token_secret.h"

#define USE_EVERY_MS 1000	/* the last use is written down at most this often */

static const char *presented(const struct request *q)
{
	const char *bearer = request_header(q, "Authorization"), *key = request_header(q, "X-API-Key");

	if (bearer && strncasecmp(bearer, "Bearer ", 7) == 0)
		return bearer + 7;
	return bearer ? bearer : key;
}

/* "cvf_ID_SECRET" to its parts. */
static bool take_apart(const char *text, char id[ULID_SIZE], const char **ret_secret)
{
	size_t n = strlen(text);

	if (n >= TOKEN_TEXT_SIZE || n < 4 + ULID_SIZE + 1 || strncmp(text, "cvf_", 4) != 0 || text[4 + ULID_SIZE - 1] != '_')
		return false;
	memcpy(id, text + 4, ULID_SIZE - 1);
	id[ULID_SIZE - 1] = 0;
	*ret_secret = text + 4 + ULID_SIZE;
	return ulid_is_prefix(id);
}

struct check {
	struct governor *g;
	unsigned char hash[TOKEN_HASH_BYTES];
	const struct route *route;
	struct caller caller;
	bool is_good, is_in_scope, was_used_before;
};

static bool covers(const char *routes, const struct route *route)
{
	json_t *list = json_loads(routes, 0, NULL), *one;
	bool found = list && !json_array_size(list);
	size_t i;

	json_array_foreach(list, i, one)
		found |= fnmatch(json_string_value(one), route->path, 0) == 0;
	json_decref(list);
	return found;
}

static int look(void *ctx, const struct token *t)
{
	struct check *c = ctx;
	int64_t now = clock_utc_ms();

	c->is_good = sodium_memcmp(c->hash, t->hash, sizeof(c->hash)) == 0 && !t->revoked_ms && t->expires_ms > now;
	c->is_in_scope = covers(t->routes, c->route);
	c->was_used_before = now - t->last_use_ms < USE_EVERY_MS;
	c->caller = (struct caller){ .uid = (uid_t)-1, .roles = t->roles & c->g->settings.api.token_roles };
	snprintf(c->caller.name, sizeof(c->caller.name), "token:%.40s", t->name);
	return 0;
}

static unsigned int refuse_unknown(struct request *q, const char *message)
{
	request_add_header(q, "WWW-Authenticate", "Bearer realm=\"cvf\"");
	return refuse(q, 401, "unauthorized", "make one: cvfctl token create; then Authorization: Bearer TOKEN", "%s", message);
}

static unsigned int check_role(struct request *q, const struct route *route, const struct caller *c)
{
	if (caller_may(c, route->role))
		return 0;
	return refuse(q, 403, "not-permitted", "see api.token_roles in cvfd.json(5), and the roles and routes of the token",
		      "%s may not do this: it needs the role %s", c->name, role_word(route->role));
}

unsigned int token_identify(struct request *q, const struct route *route, struct caller *ret_caller)
{
	const char *text = presented(q), *secret = NULL;
	struct check c = { .g = governor_of(q), .route = route };
	char id[ULID_SIZE];
	int r;

	*ret_caller = (struct caller){ .name = "nobody", .uid = (uid_t)-1 };
	if (!text)
		return route->role == ROLE_NONE ? 0 : refuse_unknown(q, "this needs a token");
	if (!take_apart(text, id, &secret))
		return refuse_unknown(q, "the token is not one of ours");
	token_hash(secret, c.hash);
	r = token_table_find(c.g->store, id, look, &c);
	if (r < 0)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-r));
	if (!r || !c.is_good)
		return refuse_unknown(q, "the token is unknown, revoked or has expired");
	*ret_caller = c.caller;
	if (!c.is_in_scope)
		return refuse(q, 403, "not-permitted", "see its routes: cvfctl token list", "%s may not use %s", c.caller.name, route->path);
	if (!c.was_used_before && token_table_use(c.g->store, id, clock_utc_ms()) < 0)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the use of the token cannot be recorded");
	return check_role(q, route, &c.caller);
}
