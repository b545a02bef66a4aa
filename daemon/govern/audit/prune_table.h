/* SPDX-License-Identifier: Apache-2.0 */
/* prune_table.h - removes the oldest entries of the trail, and leaves the anchor from which the rest is proved */
#ifndef CVF_PRUNE_TABLE_H
#define CVF_PRUNE_TABLE_H

#include "store/store.h"

/* When the entry at a position happened: 1, 0 there is none. */
int prune_table_time(struct store *s, int64_t n, int64_t *ret_time_ms) must_check;
/* Bytes of the database that hold something. */
int prune_table_used(struct store *s, int64_t *ret_bytes) must_check;
/* Inside a transaction: the entries up to n go, n being a whole block of the tree and covered by a head. */
int prune_table_through(struct store *s, int64_t n, int64_t now_ms) must_check;
/* Some of the programs and the answered holds from before a moment that nothing refers to. */
int prune_table_others(struct store *s, int64_t before_ms) must_check;

#endif
