/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - the parts of `cvfctl run`: waiting for the command as a shell would, and telling its user about
 * holds
 */
#ifndef CVF_CLI_RUN_H
#define CVF_CLI_RUN_H

#include <sys/types.h>

#include "args.h"

struct watch;

/* Blocks the signals that run_wait() takes over; a descriptor to read them from, or an errno. */
int run_signals(void) must_check;
/*
 * Waits until the child ends, passing signals on. Never stopped by a stop of the child that it did not get
 * itself, except that a child which suspended itself alone takes the whole job along. w may be NULL. Returns
 * its wait status, or an errno.
 */
int run_wait(pid_t child, int signals, struct watch *w, int *ret_status) must_check;
/*
 * Exit status of the child's wait status; does not return if a signal killed the child: dies of the same one.
 */
int run_end(int wait_status);

/* Processes of our group, this one left out, that were stopped when it was filled in. */
#define STOPPED_MAX 64
struct stopped {
	pid_t pids[STOPPED_MAX];
	size_t n;
};
void stopped_find(struct stopped *s);
/* Sends a signal (0: none) to those that are stopped still. How many. */
unsigned int stopped_send(const struct stopped *s, int signal);
/* Ends those that are inside exec, still, and handle the signal only until it succeeds. How many. */
unsigned int stopped_end_execs(const struct stopped *s, int signal);

/* Tells on stderr about holds of the session; NULL: nobody to tell, or no memory. */
struct watch *watch_new(const struct call *c, const char *agent, const char *session);
/* Something stopped: look now, not in a second. */
void watch_poke(struct watch *w);
/* One line of ours among those about holds. */
void watch_say(const struct watch *w, const char *line);
/* Says how announced holds ended, waiting for the daemon at most a second. */
void watch_free(struct watch *w);

#endif
