/* SPDX-License-Identifier: Apache-2.0 */
/* question_table.h - holds that wait, as far as they are counted */
#ifndef CVF_QUESTION_TABLE_H
#define CVF_QUESTION_TABLE_H

#include "store/store.h"
#include "store/ulid.h"

int question_table_add(struct store *s, const char *hold) must_check;
int question_table_drop(struct store *s, const char *hold) must_check;
/* The first with a greater id; empty: none. */
int question_table_next(struct store *s, const char *after, char ret_hold[ULID_SIZE]) must_check;

#endif
