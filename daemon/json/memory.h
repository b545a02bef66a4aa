// SPDX-License-Identifier: Apache-2.0
/*
 * memory.h - did an allocation for a document fail?
 *
 * A member that found no memory is missing from its document, and nobody along the way has to notice. Whoever hands a document on,
 * or puts one in force, compares the number of failures with the one from before it began.
 */
#ifndef CVF_JSON_MEMORY_H
#define CVF_JSON_MEMORY_H

/* Once, before the first document. Without it only what memory_note() tells is counted. */
void memory_watch(void);

/* How many allocations have failed until now. */
unsigned long memory_failures(void);

/* One has failed that jansson did not make. */
void memory_note(void);

#endif
