// SPDX-License-Identifier: Apache-2.0
/*
 * lists.c - hash-consed lists of numbers
 */
#include <string.h>

#include "policy/dfa.h"

static uint64_t hash_words(const uint32_t *v, size_t n)
{
	uint64_t h = 0x9e3779b97f4a7c15ull ^ n;

	for (size_t i = 0; i < n; i++) {
		h = (h ^ v[i]) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	return h;
}

static int rehash(struct lists *l)
{
	size_t space = l->hash_space ? l->hash_space * 2 : 4096;
	uint32_t *hash = calloc(space, sizeof(*hash));

	if (!hash)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++) {
		size_t n, at;
		const uint32_t *v = lists_get(l, (uint32_t)i, &n);

		for (at = hash_words(v, n) % space; hash[at]; at = (at + 1) % space)
			;
		hash[at] = (uint32_t)i + 1;
	}
	free(l->hash);
	l->hash = hash;
	l->hash_space = space;
	return 0;
}

static int reserve(struct lists *l, size_t n)
{
	size_t used = l->start ? l->start[l->n] : 0;
	uint32_t *p;

	if (!l->data || used + n > l->data_space) {
		size_t space = (used + n) * 2 + 1024;

		p = space > UINT32_MAX ? NULL : reallocarray(l->data, space, sizeof(*p));
		if (!p)
			return -ENOMEM;
		l->data = p;
		l->data_space = space;
	}
	if (l->n + 2 > l->start_space) {
		size_t space = l->start_space * 2 + 1024;

		p = reallocarray(l->start, space, sizeof(*p));
		if (!p)
			return -ENOMEM;
		l->start = p;
		l->start_space = space;
	}
	return l->hash_space < l->n * 2 + 2 ? rehash(l) : 0;
}

uint32_t lists_intern(struct lists *l, const uint32_t *v, size_t n)
{
	size_t at;

	if (reserve(l, n) < 0)
		return UINT32_MAX;
	for (at = hash_words(v, n) % l->hash_space; l->hash[at]; at = (at + 1) % l->hash_space) {
		size_t size;
		const uint32_t *have = lists_get(l, l->hash[at] - 1, &size);

		if (size == n && memcmp(have, v, n * sizeof(*v)) == 0)
			return l->hash[at] - 1;
	}
	if (n)
		memcpy(l->data + l->start[l->n], v, n * sizeof(*v));
	l->start[l->n + 1] = l->start[l->n] + (uint32_t)n;
	l->hash[at] = (uint32_t)++l->n;
	return (uint32_t)l->n - 1;
}

int lists_init(struct lists *l)
{
	uint32_t none = 0;

	*l = (struct lists){0};
	if (reserve(l, 1) < 0)
		return -ENOMEM;
	l->start[0] = 0;
	return lists_intern(l, &none, 0) == UINT32_MAX ? -ENOMEM : 0;
}

void lists_done(struct lists *l)
{
	free(l->data);
	free(l->start);
	free(l->hash);
	*l = (struct lists){0};
}
