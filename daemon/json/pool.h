/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - memory that is given back all at once: what a parsed document or a plan is made of
 */
#ifndef CVF_JSON_POOL_H
#define CVF_JSON_POOL_H

#include <stddef.h>

#include "core/own.h"

struct pool;

struct pool *pool_new(void);
void pool_free(struct pool *p);
OWN_DEFINE(pool);

/* count zeroed records of size bytes, or NULL; count 0 gives a pointer that must not be read. */
void *pool_alloc(struct pool *p, size_t count, size_t size);
char *pool_text(struct pool *p, const char *text);
char *pool_printf(struct pool *p, const char *format, ...) printf_like(2, 3);

#endif
