// SPDX-License-Identifier: Apache-2.0
#include "keeper.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "../core/log.h"

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	stop = signal;
}

static pid_t spawn(const char *program)
{
	sigset_t none;
	pid_t pid = fork();

	if (pid)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	execl(program, program, (char *)NULL);
	log_error("starting %s failed: %s", program, strerror(errno));
	_exit(127);
}

/* One life of the governor; returns when it ended or a signal came. */
static void keep(const char *program)
{
	pid_t pid = spawn(program);
	int status;

	if (pid < 0)
		return;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		if (stop)
			kill(pid, SIGTERM);
	if (!stop)
		log_warning("the governor ended (%s %d); it is started again",
			    WIFSIGNALED(status) ? "signal" : "status",
			    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

int keeper_start(const char *program)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct timespec pause = { .tv_nsec = 200000000 };
	sigset_t none;
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid < 0 ? -errno : 0;
	prctl(PR_SET_NAME, "cvfd-keeper");
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	while (!stop) {
		keep(program);
		if (!stop)
			nanosleep(&pause, NULL);
	}
	_exit(0);
}
