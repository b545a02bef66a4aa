/* SPDX-License-Identifier: Apache-2.0 */
/* kept_table.h - objects that were kept before they went, and what became of them */
#ifndef CVF_KEPT_TABLE_H
#define CVF_KEPT_TABLE_H

#include <stdint.h>

#include "core/event.h"
#include "cvf/quarantine.h"
#include "store/store.h"
#include "store/ulid.h"

enum kept_state { KEPT_BEGUN, KEPT_KEPT, KEPT_RESTORED, KEPT_PURGED, KEPT_LOST, KEPT_STATE_MAX };
#define KEPT_ANY KEPT_STATE_MAX

struct kept {
	char id[ULID_SIZE];
	int64_t boot;
	uint64_t hold_no;
	uint32_t agent, session, capability;	/* numbers */
	enum cvf_op op;
	struct text object;			/* as the agent saw it; only inside a callback */
	enum kept_state state;
	int64_t kept_ms, ended_ms;		/* 0: not ended */
	uint32_t device;
	enum quarantine_how how;
	uint64_t size;
	uint32_t mode, uid, gid, links;
	int64_t mtime_ns;
	char ended_by[64];
	char store[CVF_PATH_MAX + 1], origin[CVF_PATH_MAX + 1];
};

typedef int (*kept_each)(void *ctx, const struct kept *k);	/* non-zero ends the walk */

/* Before it is kept: state KEPT_BEGUN. */
int kept_table_add(struct store *s, const struct kept *k) must_check;
/* It is kept: what the reply says, and the state. */
int kept_table_set_kept(struct store *s, const char *id, const struct quarantine_reply *reply) must_check;
/* It could not be kept, so there is nothing to tell. */
int kept_table_drop(struct store *s, const char *id) must_check;
int kept_table_end(struct store *s, const char *id, enum kept_state state, const char *by, int64_t now_ms) must_check;

/* 1 found and handed over, 0 not. */
int kept_table_find(struct store *s, const char *id, kept_each each, void *ctx) must_check;
int kept_table_find_hold(struct store *s, int64_t boot, uint64_t hold_no, kept_each each, void *ctx) must_check;
/* Ids that start so: how many (0, 1, 2 for more), the first in ret_id. */
int kept_table_find_prefix(struct store *s, const char *prefix, char ret_id[ULID_SIZE]) must_check;

struct kept_filter {
	uint32_t agent;		/* number; 0: all */
	enum kept_state state;	/* KEPT_ANY: all but KEPT_BEGUN */
	const char *before;	/* id: older ones; NULL: from the newest */
	int64_t limit;
};
/* Newest first. */
int kept_table_each(struct store *s, const struct kept_filter *f, kept_each each, void *ctx) must_check;
/* What is kept, oldest first. */
int kept_table_each_oldest(struct store *s, int64_t limit, kept_each each, void *ctx) must_check;
/* Bytes of what is kept. */
int kept_table_bytes(struct store *s, uint64_t *ret_bytes) must_check;
/* What was begun in other boots than this one: the tasks are gone, and whether it was kept is not known. */
int kept_table_each_begun(struct store *s, int64_t boot, int64_t limit, kept_each each, void *ctx) must_check;

#endif
