// SPDX-License-Identifier: Apache-2.0
#include "keeper.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "../core/log.h"

#define NOT_STARTED 127	/* status of a child that could not become its program */
#define RETRY_S 5	/* then: it may be being replaced, or is not installed */

enum { DUE = 0, NOT_THERE = -1, NONE = -2 };

struct kept {
	const char *program;
	pid_t pid;	/* or DUE, NOT_THERE, NONE */
};

static pid_t spawn(const char *program)
{
	sigset_t none;
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? NOT_THERE : pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	execl(program, program, (char *)NULL);
	log_error("starting %s failed: %s", program, strerror(errno));
	_exit(NOT_STARTED);
}

static void on_end(struct kept *k, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED) {
		k->pid = NOT_THERE;
		return;
	}
	k->pid = DUE;
	log_warning("%s ended (%s %d); it is started again", k->program, WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* true: some ended */
static bool reap(struct kept *all)
{
	bool some = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < KEEPER_PROGRAMS; i++)
			if (all[i].pid == pid) {
				on_end(&all[i], status);
				some = true;
			}
	return some;
}

static bool start_due(struct kept *all)
{
	bool some_missing = false;

	for (int i = 0; i < KEEPER_PROGRAMS; i++) {
		if (all[i].pid == DUE)
			all[i].pid = spawn(all[i].program);
		some_missing |= all[i].pid == NOT_THERE;
	}
	return some_missing;
}

static void end_all(const struct kept *all)
{
	for (int i = 0; i < KEEPER_PROGRAMS; i++)
		if (all[i].pid > 0)
			kill(all[i].pid, SIGTERM);
	for (int i = 0; i < KEEPER_PROGRAMS; i++)
		if (all[i].pid > 0)
			waitpid(all[i].pid, NULL, 0);
}

/* Until a signal asks to end. signals are blocked. */
static void keep(struct kept *all, const sigset_t *signals)
{
	const struct timespec pause = { .tv_nsec = 200000000 }, retry = { .tv_sec = RETRY_S };

	for (;;) {
		int signal = sigtimedwait(signals, NULL, start_due(all) ? &retry : NULL);

		if (signal == SIGTERM || signal == SIGINT)
			return;
		for (int i = 0; i < KEEPER_PROGRAMS && signal < 0 && errno == EAGAIN; i++)
			if (all[i].pid == NOT_THERE)
				all[i].pid = DUE;
		if (reap(all))
			nanosleep(&pause, NULL);
	}
}

int keeper_start(const char *const programs[KEEPER_PROGRAMS])
{
	struct kept all[KEEPER_PROGRAMS];
	sigset_t signals;
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid < 0 ? -errno : 0;
	prctl(PR_SET_NAME, "cvfd-keeper");
	/* It may live a moment longer than cvfd, whose lock and socket the next cvfd wants at once. */
	close_range(STDERR_FILENO + 1, ~0u, 0);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	for (int i = 0; i < KEEPER_PROGRAMS; i++)
		all[i] = (struct kept){ .program = programs[i], .pid = programs[i] ? DUE : NONE };
	keep(all, &signals);
	end_all(all);
	_exit(0);
}
