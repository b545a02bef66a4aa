/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - what happens when: packets of cvfd, the second's work, signals */
#ifndef CVF_LOOP_H
#define CVF_LOOP_H

#include "govern.h"

/* Adds the governor's sources to its event loop. */
int loop_open(struct governor *g) must_check;
/* Handles what cvfd has sent so far. 0, or -ECONNRESET when cvfd is gone. */
int loop_drain(struct governor *g) must_check;

#endif
