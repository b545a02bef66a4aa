/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trail.h - the one place where entries get their position: the head of the chain, its tree, and the heads that are signed
 *
 * Events come from the intake; acts from the outbox, which triggers of the store fill, in the transaction that they are part of.
 */
#ifndef CVF_TRAIL_H
#define CVF_TRAIL_H

#include "govern/govern.h"
#include "trail/chain.h"
#include "trail/head.h"

struct trail;

/* Continues the chain of the store; makes the key at the first start. */
int trail_open(struct governor *g, struct trail **ret_trail) must_check;
void trail_free(struct trail *t);

/* Inside a transaction: where the next entry goes, and what it follows. After a rollback this reads the store again. */
int trail_here(struct trail *t, int64_t *ret_n, uint8_t ret_before[CHAIN_BYTES]) must_check;
/* The entry is stored there. */
int trail_took(struct trail *t, const uint8_t hash[CHAIN_BYTES]) must_check;

int64_t trail_position(struct trail *t);	/* of the newest entry */
int64_t trail_events(struct trail *t);		/* that were ever stored */
/* Why heads are not signed, in words; NULL: they are. */
const char *trail_problem(const struct trail *t);
/* Signs a head when one is due; called every second and after every commit of the intake. */
void trail_tick(struct trail *t);
/* Signs one now, if anything is new. */
int trail_sign(struct trail *t) must_check;
/* A new key, vouched for by the one before. -ENOKEY: there is none that could. */
int trail_rotate(struct trail *t, const char *by, uint8_t ret_public[KEY_BYTES]) must_check;

#endif
