// SPDX-License-Identifier: Apache-2.0
#include "url.h"

#include "core/own.h"

#include <string.h>

struct url url_begin(const char *path)
{
	return (struct url){ .text = strdup(path) };
}

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

static void append(struct url *u, const char *before, const char *key, const char *between, const char *value)
{
	own_free char *old = TAKE(u->text), *safe = encode(value);

	if (!old || !safe || asprintf(&u->text, "%s%s%s%s%s", old, before, key, between, safe) < 0)
		u->text = NULL;
}

void url_segment(struct url *u, const char *segment)
{
	append(u, "/", "", "", segment);
}

void url_param(struct url *u, const char *key, const char *value)
{
	if (!value)
		return;
	append(u, u->has_query ? "&" : "?", key, "=", value);
	u->has_query = true;
}

void url_done(struct url *u)
{
	free(u->text);
	u->text = NULL;
}
