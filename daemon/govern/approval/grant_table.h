/* SPDX-License-Identifier: Apache-2.0 */
/* grant_table.h - permissions that approvals left behind */
#ifndef CVF_GRANT_TABLE_H
#define CVF_GRANT_TABLE_H

#include <stdint.h>

#include "store/store.h"
#include "store/ulid.h"

#define GRANT_PATTERN_SIZE 1024

enum grant_state { GRANT_ACTIVE, GRANT_REVOKED, GRANT_EXPIRED, GRANT_USED_UP, GRANT_ENDED };

struct grant {
	char id[ULID_SIZE];
	int64_t boot;
	char scope[16];		/* "session" or "agent" */
	uint64_t digest;
	uint32_t agent, session, capability;	/* numbers */
	char hold[ULID_SIZE];	/* the approval it came from */
	char *covers;		/* in words, valid UTF-8 */
	char pattern[GRANT_PATTERN_SIZE];	/* empty: the one question of its digest; else digest is 0 and the governor answers */
	uint16_t op;		/* with a pattern: enum cvf_op, enum cvf_proto */
	uint8_t protocol;
	bool is_over;		/* its question came because of a limit of how often: only then it covers others of that kind */
	enum grant_state state;
	int64_t made_ms;
	char made_by[64], note[512];
	int64_t expires_ms;	/* 0: never */
	uint64_t expires_ns;
	int64_t uses_left;	/* -1: unlimited */
	int64_t last_use_ms;	/* 0: never */
	uint64_t attached_ns;	/* of the kernel's programs when it was sent: others do not know it */
};

typedef int (*grant_each)(void *ctx, const struct grant *g);	/* non-zero ends the walk; covers is borrowed */

int grant_table_add(struct store *s, const struct grant *g) must_check;
/* Active ones, newest first; agent 0: all. */
int grant_table_each(struct store *s, int64_t agent, grant_each each, void *ctx) must_check;
/* 1 found, 0 not; whatever its state. */
int grant_table_find(struct store *s, const char *id, grant_each each, void *ctx) must_check;
/* Active, of this boot, with one of two digests. */
int grant_table_find_digest(struct store *s, int64_t boot, uint64_t digest, uint64_t other, grant_each each, void *ctx) must_check;
int grant_table_set_state(struct store *s, const char *id, enum grant_state state) must_check;
/* None is active any more. */
int grant_table_end_all(struct store *s) must_check;
int grant_table_set_attached(struct store *s, const char *id, uint64_t attached_ns) must_check;
/* One use of an active grant with one of two digests; the last use ends it. */
int grant_table_use(struct store *s, int64_t boot, uint64_t digest, uint64_t other, int64_t time_ms) must_check;
/* The same for one with a pattern, which the governor uses itself. 1, or 0 when it is not active any more. */
int grant_table_use_id(struct store *s, const char *id, int64_t time_ms) must_check;
/* What ran out by now, by the kernel's clock. Those of other boots have ended before. */
int grant_table_expire(struct store *s, uint64_t now_ns) must_check;
int grant_table_end_session(struct store *s, int64_t boot, uint32_t session, grant_each each, void *ctx) must_check;
int grant_table_end_others(struct store *s, int64_t boot) must_check;

#endif
