/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.h - copies of heads outside the store: the journal, and a file that only grows
 *
 * Never waits: a journal that takes nothing misses a head, the next one covers the same entries.
 */
#ifndef CVF_SINK_H
#define CVF_SINK_H

#include "govern/govern.h"
#include "trail/head.h"

#define SINK_FILE "audit-heads.jsonl"	/* in the directory of the store */

void sink_put(struct governor *g, const struct head *h);
/* The newest head of the file that its key signed: 1; 0: none. */
int sink_last(struct governor *g, struct head *ret_head) must_check;

#endif
