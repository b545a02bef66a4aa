/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice.h - what people are told: that something waits, that nobody answered, how it ended
 *
 * The governor has no network and starts no programs. It keeps what is to be told, by whom it is to be heard and since when;
 * cvfd-notify, a program and a user of its own, asks for it on the control socket, tells it, and says what came of it. Where
 * a target lies (address, key, program) only cvfd-notify reads.
 */
#ifndef CVF_NOTICE_H
#define CVF_NOTICE_H

#include "govern/govern.h"

struct routes;
extern const struct routes notice_routes, answer_routes;

/* Every second: holds that are new, that nobody answered, that ended. */
void notice_tick(struct governor *g);
/* Of the status: how many wait to be told, and what is wrong if they wait for long. */
void notice_view(struct governor *g, json_t *to);

#endif
