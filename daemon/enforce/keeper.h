/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper.h - for `cvfd --foreground`: a child that keeps the governor running while cvfd, without privileges, cannot
 */
#ifndef CVF_KEEPER_H
#define CVF_KEEPER_H

#include "../core/own.h"

/* Forks the keeper; it ends with its parent. program: path of cvfd-govern. */
int keeper_start(const char *program) must_check;

#endif
