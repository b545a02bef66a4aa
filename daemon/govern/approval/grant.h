/* SPDX-License-Identifier: Apache-2.0 */
/* grant.h - permissions that outlive their question: made by an approval, known to the kernel, revocable */
#ifndef CVF_GRANT_H
#define CVF_GRANT_H

#include "approval.h"
#include "grant_table.h"

/* The grant that a decision with a lasting scope leaves; covers is malloc'ed. */
int grant_make(struct governor *g, const struct hold *h, const struct decision *d, struct grant *ret_grant) must_check;
/* May the pattern stand for the hold? -EINVAL with a diagnosis: no pattern, or not one that covers it; -ENOTSUP: no object. */
int grant_check_pattern(struct governor *g, const struct hold *h, const char *pattern, struct diags *d) must_check;
/* 1 and the id of an active grant with a pattern that covers the hold; 0: none. */
int grant_find_pattern(struct governor *g, const struct hold *h, char ret_id[ULID_SIZE]) must_check;
/* To the kernel; a grant with a pattern stays here. */
int grant_send(struct governor *g, const struct grant *grant) must_check;
/* Takes it from the kernel, then marks it; -ENOENT: no active grant of that id. */
int grant_revoke(struct governor *g, const char *id) must_check;
/* Takes it from the kernel, where it may have run out already; the store is not asked. */
int grant_drop(struct governor *g, uint64_t digest) must_check;
/* An unlimited grant covers the hold: by says which. */
bool grant_covers(struct governor *g, const struct hold *h, char by[64]);

int grant_on_session_end(struct governor *g, uint32_t session) must_check;
/* Grants of this boot that kernel programs attached later do not know. */
int grant_send_lost(struct governor *g) must_check;
void grant_tick(struct governor *g);

#endif
