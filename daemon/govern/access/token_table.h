/* SPDX-License-Identifier: Apache-2.0 */
/* token_table.h - the table `tokens` */
#ifndef CVF_TOKEN_TABLE_H
#define CVF_TOKEN_TABLE_H

#include "store/store.h"
#include "store/ulid.h"

#define TOKEN_HASH_BYTES 32

struct token {
	const char *id, *name, *routes, *made_by, *revoked_by;
	unsigned char hash[TOKEN_HASH_BYTES];
	unsigned int roles;
	int64_t made_ms, expires_ms, last_use_ms, revoked_ms;	/* 0: never */
};
typedef int (*token_each)(void *ctx, const struct token *t);

int token_table_add(struct store *s, const struct token *t) must_check;
/* 1 found, 0 not. */
int token_table_find(struct store *s, const char *id, token_each each, void *ctx) must_check;
/* Newest first, of ids less than `before` (NULL: all). */
int token_table_each(struct store *s, const char *before, int64_t limit, token_each each, void *ctx) must_check;
int token_table_use(struct store *s, const char *id, int64_t now_ms) must_check;
/* 1 revoked, 0 there is none in force. */
int token_table_revoke(struct store *s, const char *id, const char *by, int64_t now_ms) must_check;
int token_table_count(struct store *s, int64_t now_ms, int64_t *ret_count) must_check;

#endif
