/* SPDX-License-Identifier: Apache-2.0 */
/*
 * numbers_table.h - names of agents, capabilities and rules and the numbers that records carry for them
 *
 * Kept whole in memory; rows are only ever added.
 */
#ifndef CVF_NUMBERS_TABLE_H
#define CVF_NUMBERS_TABLE_H

#include "policy/policy.h"
#include "store/store.h"

struct numbers_table;

int numbers_table_open(struct store *s, struct numbers_table **ret_table) must_check;
void numbers_table_free(struct numbers_table *t);
OWN_DEFINE(numbers_table);

/* For policy_compile(), inside a transaction: new names become rows. After a rollback call numbers_table_reload(). */
struct numbers numbers_table_numbers(struct numbers_table *t);
int numbers_table_reload(struct numbers_table *t) must_check;

/* NULL: none such. */
const char *numbers_table_name(const struct numbers_table *t, enum number_kind kind, uint32_t number);
/* 0: none such. */
uint32_t numbers_table_find(const struct numbers_table *t, enum number_kind kind, const char *name);
uint32_t numbers_table_last(const struct numbers_table *t, enum number_kind kind);

#endif
