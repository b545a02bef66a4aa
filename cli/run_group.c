// SPDX-License-Identifier: Apache-2.0
/*
 * run_group.c - what an interrupt could not end: processes of our group that were stopped then and are
 * stopped still
 *
 * A held process that has a handler for Ctrl-C runs the handler and is held again. Between fork and exec the
 * handler is the shell's, who waits; the program that is waited for would take the signal by default. So an
 * exec that is held ends with it, as it would a moment after the exec. Anything else may have a reason to go
 * on: its user insists, or not.
 */
#include "run.h"

#include "proc.h"

#include <signal.h>

static bool is_stopped(pid_t pid)
{
	struct proc p;

	return pid != getpid() && proc_read(pid, &p) && p.group == getpgrp() && p.state == 'T';
}

static bool add(void *ctx, pid_t pid)
{
	struct stopped *s = ctx;

	if (is_stopped(pid))
		s->pids[s->n++] = pid;
	return s->n < STOPPED_MAX;
}

void stopped_find(struct stopped *s)
{
	s->n = 0;
	proc_each(add, s);
}

unsigned int stopped_send(const struct stopped *s, int signal)
{
	unsigned int count = 0;

	for (size_t i = 0; i < s->n; i++)
		count += is_stopped(s->pids[i]) && kill(s->pids[i], signal) == 0;
	return count;
}

/*
 * An ignored signal stays ignored over exec, and the default action has been taken: only a handler is
 * forgotten.
 */
unsigned int stopped_end_execs(const struct stopped *s, int signal)
{
	unsigned int count = 0;

	for (size_t i = 0; i < s->n; i++)
		if (is_stopped(s->pids[i]) && proc_in_exec(s->pids[i]) && proc_catches(s->pids[i], signal))
			count += kill(s->pids[i], SIGKILL) == 0;
	return count;
}
