/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door.h - what is looked at before anything else of a request: which host it thinks it talks to, which page sent it, how
 * often this caller asks
 *
 * A browser that was lured to a name which now means this host (DNS rebinding) says that name as Host, and every page says
 * its Origin: neither gets further, unless cvfd.json names it.
 */
#ifndef CVF_DOOR_H
#define CVF_DOOR_H

#include "api/route.h"

/* 0: go on; else it was answered: 204 (a browser's preflight), 400, 403. */
unsigned int door_check(struct request *q);
/* 0, or 429 refused. who: a name of the caller on TCP. */
unsigned int door_count(struct request *q, const char *who);
/*
 * The same on a unix socket, by user. Root is not counted on the control socket: nothing that a script of root's does there may
 * keep root from freezing an agent. The processes of agents use up nothing of their user's.
 */
unsigned int door_count_local(struct request *q);

#endif
