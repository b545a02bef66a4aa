// SPDX-License-Identifier: Apache-2.0
/* answer_link.c - see answer_link.h */
#include "answer_link.h"

#include <sodium.h>
#include <string.h>

#include "core/log.h"
#include "govern/approval/quorum.h"
#include "govern/audit/keyfile.h"

#define MAC_BYTES crypto_auth_hmacsha256_BYTES
_Static_assert(ANSWER_TOKEN == ULID_SIZE + 17 + 13 + 2 * MAC_BYTES + 1, "HOLD.DIGEST.UNTIL.MAC");

/* Of the governor's state folder, made when the first link is. */
static int get_key(struct governor *g, uint8_t ret_key[SEED_BYTES])
{
	own_free char *path = NULL;
	int r;

	if (asprintf(&path, "%s/links.key", g->places.state) < 0)
		return -ENOMEM;
	r = keyfile_read(path, ret_key);
	if (r == -ENOENT)
		r = keyfile_make(path, ret_key);
	if (r < 0)
		log_error("%s cannot be used: %s; no link answers anything", path, strerror(-r));
	return r;
}

/* head: HOLD.DIGEST.UNTIL. The user is signed, too: naming another one in the settings ends the links there are. */
static int sign(struct governor *g, const struct notice_target *t, const char *head, unsigned char ret_mac[MAC_BYTES])
{
	crypto_auth_hmacsha256_state state;
	uint8_t key[SEED_BYTES];
	int r = get_key(g, key);

	if (r < 0)
		return r;
	crypto_auth_hmacsha256_init(&state, key, sizeof(key));
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)"cvf.answer/1", 13);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)t->name, strlen(t->name) + 1);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)t->answer_as, strlen(t->answer_as) + 1);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, strlen(head));
	crypto_auth_hmacsha256_final(&state, ret_mac);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(&state, sizeof(state));
	return 0;
}

bool answer_link_fits(struct governor *g, const struct hold *h)
{
	struct quorum quorum;

	if (h->state != HOLD_PENDING || h->boot != g->boot || approval_needs_human(h))
		return false;
	quorum_of_hold(g, h, &quorum);
	return quorum_is_plain(&quorum);
}

struct look {
	struct governor *g;
	bool fits;
	uint64_t digest;
	int64_t until_ms;
};

static int look(void *ctx, const struct hold *h)
{
	struct look *l = ctx;

	l->fits = answer_link_fits(l->g, h);
	l->digest = h->digest;
	l->until_ms = h->expires_ms;
	return 0;
}

char *answer_link_make(struct governor *g, const struct notice_target *t, const char *hold)
{
	struct look l = { .g = g };
	char head[64], mac_text[2 * MAC_BYTES + 1], *url = NULL;
	unsigned char mac[MAC_BYTES];

	if (!t->answer_as || !g->settings.answer_url || hold_table_find(g->store, hold, look, &l) <= 0 || !l.fits)
		return NULL;
	snprintf(head, sizeof(head), "%s.%016llx.%012llx", hold, (unsigned long long)l.digest, (unsigned long long)l.until_ms & 0xffffffffffff);
	if (sign(g, t, head, mac) < 0)
		return NULL;
	sodium_bin2hex(mac_text, sizeof(mac_text), mac, sizeof(mac));
	return asprintf(&url, "%s" ANSWER_PATH "%s.%s", g->settings.answer_url, head, mac_text) < 0 ? NULL : url;
}

/* Of all that have links: the one that it was made for. */
static const struct notice_target *find_target(struct governor *g, const char *head, const unsigned char given[MAC_BYTES])
{
	const struct notice_target *found = NULL;

	for (size_t i = 0; g->settings.answer_url && i < g->settings.notify_count; i++) {
		const struct notice_target *t = &g->settings.notify[i];
		unsigned char mac[MAC_BYTES];

		if (t->answer_as && sign(g, t, head, mac) == 0 && sodium_memcmp(mac, given, sizeof(mac)) == 0)
			found = t;
	}
	return found;
}

int answer_link_read(struct governor *g, const char *token, struct answer_link *ret_link)
{
	char head[64], *end;
	unsigned char mac[MAC_BYTES];
	const char *dot = strrchr(token, '.');

	if (strlen(token) != ANSWER_TOKEN - 1 || !dot || dot - token != ULID_SIZE + 16 + 13 || !hex_read(dot + 1, mac, sizeof(mac)))
		return -ENOKEY;
	snprintf(head, sizeof(head), "%.*s", (int)(dot - token), token);
	*ret_link = (struct answer_link){ .target = find_target(g, head, mac) };
	if (!ret_link->target)
		return -ENOKEY;
	/* It is ours: it has the form that we gave it. */
	snprintf(ret_link->hold, sizeof(ret_link->hold), "%.*s", ULID_SIZE - 1, head);
	snprintf(ret_link->digest, sizeof(ret_link->digest), "%.16s", head + ULID_SIZE);
	ret_link->until_ms = strtoll(head + ULID_SIZE + 17, &end, 16);
	return clock_utc_ms() > ret_link->until_ms ? -ETIME : 0;
}
