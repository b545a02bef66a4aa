/* SPDX-License-Identifier: Apache-2.0 */
/* start.h - start as a list of steps, each with the message that its failure deserves; stop is the way back */
#ifndef CVF_START_H
#define CVF_START_H

#include "govern.h"

/* Logs what went wrong. */
int start_all(struct governor *g) must_check;
/* For a command that needs the directory of the store to itself: becomes the user, takes the lock for life. */
int start_alone(struct governor *g) must_check;
/* Also after a start that failed half-way. */
void stop_all(struct governor *g);

#endif
