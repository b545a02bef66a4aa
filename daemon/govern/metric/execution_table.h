/* SPDX-License-Identifier: Apache-2.0 */
/* execution_table.h - processes of agents from their first exec to their exit */
#ifndef CVF_EXECUTION_TABLE_H
#define CVF_EXECUTION_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "govern/agent/session_table.h"
#include "store/store.h"
#include "store/ulid.h"

/* In the store: append only. */
enum execution_status {
	EXECUTION_RUNNING, EXECUTION_SUCCESS, EXECUTION_FAILURE, EXECUTION_REFUSED, EXECUTION_KILLED, EXECUTION_UNKNOWN,
	EXECUTION_STATUS_MAX
};
extern const char *const execution_status_words[EXECUTION_STATUS_MAX];

struct execution {
	char id[ULID_SIZE];
	int64_t boot;
	uint32_t pid, agent, session, capability;	/* capability 0: unregistered, or not known */
	uint64_t start_ns, exec_id;
	char skill[SKILL_SIZE];		/* empty: none */
	unsigned int risk;		/* the highest met */
	bool was_refused;		/* something that it did was */
	enum execution_status status;
	int64_t began_ms, ended_ms, latency_us;	/* -1: not known */
	uint64_t began_ns;
};

/* Inside a transaction. */
int execution_table_add(struct store *s, const struct execution *e) must_check;
/* Everything that can change: exec_id, capability, risk, was_refused, status, ended_ms, latency_us. */
int execution_table_put(struct store *s, const struct execution *e) must_check;
/* 1 found, 0 none. */
int execution_table_process(struct store *s, int64_t boot, uint32_t pid, uint64_t start_ns, struct execution *ret_e) must_check;
int execution_table_image(struct store *s, int64_t boot, uint64_t exec_id, struct execution *ret_e) must_check;
/* One that runs: of the session; of another boot; the oldest of all, when there are more than so many. */
int execution_table_running(struct store *s, int64_t boot, uint32_t session, struct execution *ret_e) must_check;
int execution_table_other_boot(struct store *s, int64_t boot, struct execution *ret_e) must_check;
int execution_table_excess(struct store *s, int64_t most, struct execution *ret_e) must_check;
/* Removes ended ones, the oldest, beyond so many; at most a thousand at a time. */
int execution_table_prune(struct store *s, int64_t most) must_check;

/* The newest, of an agent (0: all), before an id (NULL: from the newest). */
int execution_table_each(struct store *s, uint32_t agent, const char *before, int64_t limit,
			 void (*each)(void *ctx, const struct execution *e), void *ctx) must_check;

#endif
