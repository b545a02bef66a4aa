/* SPDX-License-Identifier: Apache-2.0 */
/* delegation_table.h - who lent whom the roles of an approver, and until when */
#ifndef CVF_DELEGATION_TABLE_H
#define CVF_DELEGATION_TABLE_H

#include <sys/types.h>

#include "store/store.h"

struct delegation {
	const char *id, *from, *to;
	uid_t from_uid, to_uid;
	int64_t made_ms, until_ms;
	const char *note;	/* NULL: none */
};

int delegation_table_add(struct store *s, const struct delegation *d) must_check;
typedef int (*delegation_each)(void *ctx, const struct delegation *d);	/* non-zero ends the walk */
/* In force at that moment, the newest first; to_uid: (uid_t)-1 for all. */
int delegation_table_each(struct store *s, int64_t now_ms, uid_t to_uid, delegation_each each, void *ctx) must_check;
/* 1 found, 0 not, in force or not. */
int delegation_table_find(struct store *s, const char *id, delegation_each each, void *ctx) must_check;
/* 1 ended, 0 it was not in force. */
int delegation_table_end(struct store *s, const char *id, int64_t now_ms, const char *by) must_check;

#endif
