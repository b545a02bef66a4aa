/* SPDX-License-Identifier: Apache-2.0 */
/* factor_table.h - the secrets of second factors, which codes were used, and how often somebody guessed wrong */
#ifndef CVF_FACTOR_TABLE_H
#define CVF_FACTOR_TABLE_H

#include <sys/types.h>

#include "store/store.h"

#define FACTOR_SECRET 20	/* bytes: of a SHA-1, as every authenticator takes it */

struct factor {
	char name[64];
	uid_t uid;
	uint8_t secret[FACTOR_SECRET];
	int64_t made_ms;
	char made_by[64];
	int64_t last_step;	/* of the last code that was used; 0: none */
	int64_t failures;	/* wrong codes since the last right one */
	int64_t failed_ms;	/* of the last wrong one */
};

/* In the place of an earlier one. */
int factor_table_put(struct store *s, const struct factor *f) must_check;
/* 1 found, 0 not. */
int factor_table_get(struct store *s, const char *name, struct factor *ret_factor) must_check;
/* The code of a step is used, the failures are forgotten. 1, or 0 when that step or a later one was used before. */
int factor_table_use(struct store *s, const char *name, int64_t step) must_check;
int factor_table_set_failures(struct store *s, const char *name, int64_t failures, int64_t failed_ms) must_check;
int factor_table_unlock(struct store *s, const char *name, const char *by) must_check;
/* In a transaction: two statements. 1 removed, 0 there was none. */
int factor_table_remove(struct store *s, const char *name, const char *by) must_check;

#endif
