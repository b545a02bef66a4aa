/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper.h - for `cvfd --foreground`: a child that keeps the other programs running while cvfd, without privileges, cannot
 */
#ifndef CVF_KEEPER_H
#define CVF_KEEPER_H

#include "../core/own.h"

#define KEEPER_PROGRAMS 3

/* Forks the keeper; it ends with its parent, and the programs with it. programs: their paths, started in this order; NULL: none. */
int keeper_start(const char *const programs[KEEPER_PROGRAMS]) must_check;

#endif
