// SPDX-License-Identifier: Apache-2.0
#include "url.h"

#include "core/own.h"

#include <string.h>

static char *encode(const char *text)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	char *made = malloc(strlen(text) * 3 + 1), *to = made;

	if (!made)
		return NULL;
	for (; *text; text++) {
		if (strchr(bare, *text))
			*to++ = *text;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*text);
	}
	*to = '\0';
	/* "." and ".." would be resolved away on the road. */
	if (made[strspn(made, ".")] == '\0' && *made) {
		own_free char *dots = made;
		char *longer = malloc(strlen(dots) * 3 + 1);

		for (to = longer; longer && *made; made++)
			to = stpcpy(to, "%2E");
		return longer;
	}
	return made;
}

/* size bytes of before, and the value as it has to be written. */
static void append(struct url *u, const char *before, int size, const char *between, const char *value)
{
	own_free char *old = TAKE(u->text), *safe = encode(value);

	if (!old || !safe || asprintf(&u->text, "%s%.*s%s%s", old, size, before, between, safe) < 0)
		u->text = NULL;
}

struct url url_make(const char *method, const char *path, const char *const *in_path, const char *names, const void *query)
{
	struct url u = { .method = method, .text = strdup("") };
	const char *const *values = query;

	for (const char *at = path; *at;) {
		int bare = (int)strcspn(at, "{");

		append(&u, at, bare, "", at[bare] ? *in_path++ : "");
		at += bare;
		at += strcspn(at, "}");
		at += *at == '}';
	}
	for (const char *at = names; query && *at; values++) {
		int size = (int)strcspn(at, " ");

		if (*values) {
			append(&u, u.has_query ? "&" : "?", 1, "", "");
			append(&u, at, size, "=", *values);
			u.has_query = true;
		}
		at += size;
		at += strspn(at, " ");
	}
	return u;
}

void url_done(struct url *u)
{
	free(u->text);
	u->text = NULL;
}
