// SPDX-License-Identifier: Apache-2.0
/* memory.c - see memory.h */
#include "json/memory.h"

#include <jansson.h>
#include <stdlib.h>

static unsigned long failures;

static void *take(size_t n)
{
	void *p = malloc(n);

	if (!p)
		failures++;
	return p;
}

void memory_watch(void)
{
	json_set_alloc_funcs(take, free);
}

unsigned long memory_failures(void)
{
	return failures;
}

void memory_note(void)
{
	failures++;
}
