// SPDX-License-Identifier: Apache-2.0
/*
 * pool.c - a list of blocks, each filled from its front
 */
#include "json/pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "json/memory.h"

#define BLOCK_BYTES (64u << 10)
#define ALIGN	    16u

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(ALIGN) char bytes[];
};

struct pool {
	struct block *first;
};

struct pool *pool_new(void)
{
	return calloc(1, sizeof(struct pool));
}

void pool_free(struct pool *p)
{
	while (p && p->first) {
		struct block *next = p->first->next;

		free(p->first);
		p->first = next;
	}
	free(p);
}

static struct block *block_new(struct pool *p, size_t need)
{
	size_t size = need > BLOCK_BYTES / 4 ? need : BLOCK_BYTES;
	struct block *b = calloc(1, sizeof(*b) + size);

	if (!b) {
		memory_note();
		return NULL;
	}
	b->size = size;
	/* A large record has its block to itself, behind the one that is being filled. */
	if (size == need && p->first) {
		b->next = p->first->next;
		p->first->next = b;
	} else {
		b->next = p->first;
		p->first = b;
	}
	return b;
}

void *pool_alloc(struct pool *p, size_t count, size_t size)
{
	struct block *b = p->first;
	size_t need;

	if (__builtin_mul_overflow(count, size, &need) || need > SIZE_MAX / 2)
		return NULL;
	need = (need + ALIGN - 1) / ALIGN * ALIGN;
	if (!need)
		need = ALIGN;
	if (!b || b->size - b->used < need)
		b = block_new(p, need);
	if (!b)
		return NULL;
	b->used += need;
	return b->bytes + b->used - need;
}

char *pool_text(struct pool *p, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = pool_alloc(p, size, 1);

	return copy ? memcpy(copy, text, size) : NULL;
}

char *pool_printf(struct pool *p, const char *format, ...)
{
	own_free char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		memory_note();
		text = NULL;
		return NULL;
	}
	return pool_text(p, text);
}
