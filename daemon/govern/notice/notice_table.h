/* SPDX-License-Identifier: Apache-2.0 */
/* notice_table.h - what people are to be told, and which holds they have been told of */
#ifndef CVF_NOTICE_TABLE_H
#define CVF_NOTICE_TABLE_H

#include <stdint.h>

#include "store/store.h"

enum notice_state { NOTICE_DUE, NOTICE_SENT, NOTICE_GIVEN_UP };

struct notice {
	const char *id, *type, *hold, *target;
	const char *data;	/* JSON */
	int64_t made_ms, due_ms, attempts;
	enum notice_state state;
	const char *error;	/* NULL: none */
};

int notice_table_add(struct store *s, const struct notice *n) must_check;
typedef int (*notice_each)(void *ctx, const struct notice *n);	/* non-zero ends the walk */
/* Due by then, the oldest first. */
int notice_table_each_due(struct store *s, int64_t now_ms, int64_t limit, notice_each each, void *ctx) must_check;
/* Whatever its state, the newest first. */
int notice_table_each(struct store *s, int64_t limit, notice_each each, void *ctx) must_check;
/* 1 found, 0 not. */
int notice_table_find(struct store *s, const char *id, notice_each each, void *ctx) must_check;
/* Attempts, state, due_ms, error of one that is due. 1, 0: it was not. */
int notice_table_set(struct store *s, const struct notice *n, int64_t now_ms) must_check;
int notice_table_count_due(struct store *s, int64_t *ret_count) must_check;
int notice_table_purge(struct store *s, int64_t before_ms) must_check;

typedef int (*noticed_each)(void *ctx, const char *hold, int64_t level);
/* Pending holds of this boot that nobody was told of. */
int noticed_table_each_new(struct store *s, int64_t boot, noticed_each each, void *ctx) must_check;
/* Those that people were told of and not that they ended. */
int noticed_table_each_open(struct store *s, noticed_each each, void *ctx) must_check;
int noticed_table_put(struct store *s, const char *hold, int64_t level, bool is_ended) must_check;

#endif
