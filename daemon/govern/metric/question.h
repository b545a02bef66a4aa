/* SPDX-License-Identifier: Apache-2.0 */
/*
 * question.h - holds as numbers: how many needed an approval, what came of them, how long people took
 *
 * The table of holds is read behind a mark, so whoever decides a hold needs to know nothing of this. What a rule or the
 * quarantine decides was no question to anybody and is not counted.
 */
#ifndef CVF_QUESTION_H
#define CVF_QUESTION_H

#include "govern/govern.h"
#include "rollup.h"

/* Counts holds that are new, and outcomes that are known now. Inside a transaction; samples go to u. */
int question_collect(struct governor *g, struct rollup *u) must_check;
/* Whether there is anything to collect. */
int question_is_due(struct governor *g, bool *ret_is_due) must_check;

#endif
