// SPDX-License-Identifier: Apache-2.0
/* secrets.c - see secrets.h */
#include "secrets.h"

#include <sodium.h>
#include <string.h>

#include "core/event.h"
#include "core/log.h"
#include "keyfile.h"
#include "trail/redact.h"

#define FILE_NAME "redact.key"
#define ORIGINALS 64	/* of holds, the newest; about 8 KiB each */

struct secrets {
	uint8_t key[SEED_BYTES];
	bool has_key;
	struct cvf_record *original[ORIGINALS];	/* malloc'ed; by number of the hold mod so many */
};

int secrets_open(struct governor *g, struct secrets **ret_secrets)
{
	struct secrets *s = calloc(1, sizeof(*s));
	own_free char *path = NULL;
	int r;

	if (!s || asprintf(&path, "%s/" FILE_NAME, g->places.state) < 0) {
		free(s);
		return -ENOMEM;
	}
	r = keyfile_read(path, s->key);
	if (r == -ENOENT)
		r = keyfile_make(path, s->key);
	s->has_key = r == 0;
	if (r < 0)
		log_error("the key %s cannot be used (%s): what is hidden in arguments cannot be proved later", path, strerror(-r));
	*ret_secrets = s;
	return 0;
}

static void forget(struct cvf_record **at)
{
	if (*at)
		sodium_memzero(*at, (*at)->size);
	free(*at);
	*at = NULL;
}

void secrets_free(struct secrets *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < ORIGINALS; i++)
		forget(&s->original[i]);
	sodium_memzero(s->key, sizeof(s->key));
	free(s);
}

static void remember(struct secrets *s, const struct cvf_record *r)
{
	struct cvf_record **at = &s->original[r->hold_no % ORIGINALS];

	forget(at);
	*at = malloc(r->size);
	if (*at)
		memcpy(*at, r, r->size);
}

const struct cvf_record *secrets_hide(struct governor *g, const struct cvf_record *r)
{
	static struct cvf_record copy;

	if (!r->args.len || !redact_record(&g->settings.redact, r, &copy))
		return r;
	if (r->kind == CVF_KIND_HOLD && r->hold_no)
		remember(g->secrets, r);
	return &copy;
}

const struct cvf_record *secrets_original(struct governor *g, const struct cvf_record *r)
{
	const struct cvf_record *one = g->secrets->original[r->hold_no % ORIGINALS];

	if (!(r->flags & CVF_REC_REDACTED))
		return r;
	return one && r->hold_no && one->hold_no == r->hold_no && one->digest == r->digest ? one : NULL;
}

int secrets_seal(struct governor *g, const char *id, const char *args, size_t n, uint8_t ret_seal[CHAIN_BYTES])
{
	uint8_t salt[SEED_BYTES];

	if (!g->secrets->has_key)
		return -ENOKEY;
	redact_salt(g->secrets->key, id, salt);
	redact_seal(salt, args, n, ret_seal);
	sodium_memzero(salt, sizeof(salt));
	return 0;
}
