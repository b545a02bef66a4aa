/* SPDX-License-Identifier: Apache-2.0 */
/* session_table.h - enrolled process trees: the kernel's number of one is made an id that no other boot or host has */
#ifndef CVF_SESSION_TABLE_H
#define CVF_SESSION_TABLE_H

#include <stdint.h>

#include "store/store.h"
#include "store/ulid.h"

#define SKILL_SIZE 129

struct session_new {
	int64_t boot;
	uint32_t number, agent;
	int64_t began_ms;
	const char *skill;	/* NULL: none */
};

/* The id of a session, made on first sight, and its skill noted if there is one; inside a transaction when it may be new. */
int session_table_get(struct store *s, struct ulids *ids, const struct session_new *session, char ret_id[ULID_SIZE]) must_check;
/* Empty text: none such. */
int session_table_find(struct store *s, int64_t boot, uint32_t number, char ret_id[ULID_SIZE]) must_check;
/* What the session is run for; empty: nothing was said. */
int session_table_skill(struct store *s, int64_t boot, uint32_t number, char ret_skill[SKILL_SIZE]) must_check;
int session_table_end(struct store *s, int64_t boot, uint32_t number, int64_t ended_ms) must_check;
/* Sessions of earlier boots have ended. */
int session_table_end_others(struct store *s, int64_t boot, int64_t ended_ms) must_check;

#endif
