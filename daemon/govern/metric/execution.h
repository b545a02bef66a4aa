/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execution.h - from exec to exit: one row for each process of an agent that ran a program, and its sums
 *
 * Fed with the records of the kernel inside the transaction that stores them. What a process that runs no program of its own
 * does (a subshell) counts for the program that it is a copy of. Records of the two rings may come in another order than they
 * were made in: what comes late corrects what was counted.
 */
#ifndef CVF_EXECUTION_H
#define CVF_EXECUTION_H

#include "execution_table.h"
#include "govern/govern.h"
#include "rollup.h"

#define EXECUTIONS_MAX 200000	/* rows; the oldest that have ended go first */
#define EXECUTIONS_RUNNING_MAX 20000	/* beyond: the oldest are no longer waited for */

struct executions;

int executions_new(struct executions **ret_executions) must_check;
void executions_free(struct executions *e);

/* A record that is being stored. Samples go to u. */
int execution_on_record(struct governor *g, struct executions *e, struct rollup *u, const struct cvf_record *r, int64_t time_ms)
	must_check;
/* What was learned from records is not true: the transaction was taken back. */
void execution_forget(struct executions *e);
/* Those of earlier boots have ended, nobody saw how. Inside a transaction. */
int execution_end_others(struct governor *g, struct rollup *u, int64_t now_ms) must_check;
/* Keeps the table small. Inside a transaction. */
int execution_prune(struct governor *g, struct rollup *u, int64_t now_ms) must_check;

#endif
