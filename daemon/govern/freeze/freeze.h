/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freeze.h - agents that are frozen: noted in the store first, then in force in the kernel, until they are thawed
 *
 * The store says what is meant; cvfd is told at every start. So a reload, a restart of any process and of the host change
 * nothing about it.
 */
#ifndef CVF_GOVERN_FREEZE_H
#define CVF_GOVERN_FREEZE_H

#include <jansson.h>

#include "freeze_table.h"
#include "govern/govern.h"

struct routes;
struct shape;
extern const struct routes freeze_routes;

/* Tells cvfd who is frozen and who is not any more; before any policy is put in force. */
int freeze_start(struct governor *g) must_check;
/* f->how WIRE_THAW: since_ms is now. *ret_told: processes. -ECOMM: it is noted, and cvfd could not be told. */
int freeze_agent(struct governor *g, const struct frozen *f, uint32_t *ret_told) must_check;
/* The canary was missed: freezes or stops every agent, as cvfd.json says; what is so already stays. */
void freeze_on_miss(struct governor *g);
/* Adds the member "frozen", of frozen_shape, for an agent; nothing when it is not. */
void freeze_show(struct governor *g, const char *agent, json_t *to);
extern const struct shape frozen_shape;
/* The same for a list of them. */
void freeze_show_all(struct governor *g, json_t *agents);
/* How many are frozen; -1: the store cannot be read. */
int freeze_count(struct governor *g);

#endif
