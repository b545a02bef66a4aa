// SPDX-License-Identifier: Apache-2.0
/* trail.c - see trail.h */
#include "trail.h"

#include <sodium.h>
#include <string.h>

#include "say.h"

const char *trail_store_path(const struct call *c)
{
	return c->option[OPT_STORE] ? c->option[OPT_STORE] : STORE_FILE;
}

int trail_store_open(const struct call *c, struct store **ret_store)
{
	const char *path = trail_store_path(c);
	int r = sodium_init() < 0 ? -ENOMEM : store_open_to_read(path, ret_store);

	if (r == 0)
		return DONE;
	if (r == -ENOENT)
		return say_fail(NOT_FOUND, "give its file with --store", "there is no store %s", path);
	if (r == -EACCES)
		return say_fail(NOT_PERMITTED, "ask root, or give a copy with --store", "the store %s may not be read", path);
	if (r == -EPROTO)
		return say_fail(REFUSED, "use the cvfctl of the version that wrote it; an older store is brought up to date by starting cvfd-govern",
				"the store %s is of another version", path);
	if (r == -EUCLEAN)
		return say_fail(REFUSED, "compare with a backup", "%s is no database, or it is damaged", path);
	return say_fail(REFUSED, NULL, "the store %s cannot be read: %s", path, strerror(-r));
}

int trail_keys(const struct call *c, struct key_list *ret_keys)
{
	const char *at = c->option[OPT_KEY];
	char one[2 * KEY_BYTES + 1];

	ret_keys->n = 0;
	while (at && *at) {
		size_t n = strcspn(at, ",");

		if (n != 2 * KEY_BYTES || ret_keys->n == KEYS_MAX)
			return say_fail(USAGE, "cvfctl audit keys shows them", "--key: a public key has 64 hexadecimal digits");
		memcpy(one, at, n);
		one[n] = 0;
		if (!hex_read(one, ret_keys->v[ret_keys->n++], KEY_BYTES))
			return say_fail(USAGE, "cvfctl audit keys shows them", "--key: \"%s\" is not hexadecimal", one);
		at += n + (at[n] == ',');
	}
	return DONE;
}
