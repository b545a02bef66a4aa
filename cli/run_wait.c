// SPDX-License-Identifier: Apache-2.0
/*
 * run_wait.c - stands between a shell and a command that the kernel may stop for a while
 *
 * A hold is a SIGSTOP of one of the command's processes. This process is the shell's child, not they, so the
 * shell sees a job that runs. What is typed goes to the whole process group, this process included:
 *
 * Ctrl-Z stops it by default action, with the command, and `fg` continues both: nothing to do here.
 *
 * Ctrl-C is pending on a process that is held; it must run to notice, so everything is continued. That
 * approves nothing: an operation that is still wanted is judged again, and held again. Who handles the signal
 * and stays held is ended by the second Ctrl-C, or the third.
 */
#include "run.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

#define SUSPEND_GRACE_MS 250	/* how long the command may be suspended alone before the job follows */
#define REWAKE_MS 100	/* after an interrupt: it may have reached the command only after the wake-up */
#define INSIST_MS 300	/* after an interrupt: who was woken is held again by then, if at all; then doubled */
#define INSIST_TIMES 3
#define PRESS_MS 500	/* a key that is held down counts once in that time */
#define FORGET_MS 10000 /* a Ctrl-C so long after the last one is the first again */

struct waiting {
	pid_t child;
	struct watch *watch;
	int stopped_by;		/* signal; 0: it runs */
	int64_t stopped_ms;	/* since when both of us could have run */
	bool ended;
	int status;
	struct interrupt {
		int signal;
		int64_t rewake_ms, insist_ms;	/* when; 0: not wanted */
		unsigned int insisted;		/* how often */
		bool is_told;
		struct stopped stopped;
	} last;
	unsigned int presses;	/* of Ctrl-C that left something stopped */
	int64_t pressed_ms;
	int ended_for;		/* signal: we killed what it should have ended; 0: none */
};

/* Signals that end things: passed on, and whoever is held is woken to take them. */
static const int ending[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
static const int passed[] = { SIGUSR1, SIGUSR2 };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static bool is_among(int signal, const int *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == signal)
			return true;
	return false;
}

int run_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		sigaddset(&set, ending[i]);
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		sigaddset(&set, passed[i]);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGCONT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static bool is_suspension(int signal)
{
	return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void continue_all(const struct waiting *w)
{
	pid_t group = getpgid(w->child);

	kill(0, SIGCONT);
	if (group > 0 && group != getpgrp())
		kill(-group, SIGCONT);
}

static void on_child(struct waiting *w)
{
	siginfo_t info;

	for (;;) {
		memset(&info, 0, sizeof(info));
		if (waitid(P_PID, (id_t)w->child, &info,
			   WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) < 0 ||
		    !info.si_pid)
			return;
		if (info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED) {
			w->ended = waitpid(w->child, &w->status, 0) == w->child;
			return;
		}
		/* Seen; take it away, or the next look finds it again. */
		waitid(P_PID, (id_t)w->child, &info, WSTOPPED | WCONTINUED | WNOHANG);
		w->stopped_by = info.si_code == CLD_STOPPED ? info.si_status : 0;
		w->stopped_ms = now_ms();
		if (w->stopped_by == SIGSTOP && w->watch)
			watch_poke(w->watch);
	}
}

/* The first Ctrl-C is the command's own affair. Who insists gets what a shell's user would send next. */
static void press(struct waiting *w)
{
	static const int sent[] = { 0, SIGTERM, SIGKILL };
	int64_t now = now_ms();

	if (now - w->pressed_ms < PRESS_MS)
		return;
	if (now - w->pressed_ms > FORGET_MS)
		w->presses = 0;
	w->pressed_ms = now;
	if (w->last.stopped.n == 0)
		return;
	stopped_send(&w->last.stopped, sent[w->presses]);
	if (w->presses + 1 < ARRAY_SIZE(sent))
		w->presses++;
}

static void interrupt(struct waiting *w, int signal, bool is_typed)
{
	w->last = (struct interrupt){ .signal = signal };
	stopped_find(&w->last.stopped);
	if (is_typed && signal == SIGINT)
		press(w);
	continue_all(w);
	w->last.rewake_ms = now_ms() + REWAKE_MS;
	w->last.insist_ms = w->last.stopped.n > 0 ? now_ms() + INSIST_MS : 0;
}

/* Tried more than once: on a busy host it may take a while until who was woken is held again. */
static void insist(struct waiting *w)
{
	static const char line[] = "cvf: still held: it handles Ctrl-C itself; press it again to end it";
	struct interrupt *i = &w->last;

	if (stopped_end_execs(&i->stopped, i->signal) > 0) {
		w->ended_for = i->signal;
	} else if (!i->is_told && w->watch && w->presses == 1 && stopped_send(&i->stopped, 0) > 0) {
		watch_say(w->watch, line);
		i->is_told = true;
	}
	i->insist_ms = ++i->insisted < INSIST_TIMES ? now_ms() + (INSIST_MS << i->insisted) : 0;
}

static void on_signal(struct waiting *w, const struct signalfd_siginfo *info)
{
	int signal = (int)info->ssi_signo;
	/* From the terminal the whole group has it already; from kill(1) perhaps only we do. */
	bool is_typed = info->ssi_code == SI_KERNEL;

	if (signal == SIGCHLD) {
		on_child(w);
		return;
	}
	if (signal == SIGCONT) {
		w->stopped_ms = now_ms();
		if (is_suspension(w->stopped_by) && info->ssi_pid != (uint32_t)getpid())
			kill(w->child, SIGCONT);
		return;
	}
	if (!is_typed)
		kill(w->child, signal);
	if (is_among(signal, ending, ARRAY_SIZE(ending)))
		interrupt(w, signal, is_typed);
}

/* A command that suspends itself alone, as full-screen programs do, would leave its user without a shell. */
static void follow_suspension(struct waiting *w)
{
	int signal = w->stopped_by;

	on_child(w);
	if (w->ended || w->stopped_by != signal)
		return;
	raise(signal);
	w->stopped_ms = now_ms();
}

static int64_t suspension_ms(const struct waiting *w)
{
	return is_suspension(w->stopped_by) ? w->stopped_ms + SUSPEND_GRACE_MS : 0;
}

static bool is_due(int64_t when_ms)
{
	return when_ms && now_ms() >= when_ms;
}

static void on_time(struct waiting *w)
{
	if (is_due(w->last.rewake_ms)) {
		w->last.rewake_ms = 0;
		continue_all(w);
	}
	if (is_due(w->last.insist_ms))
		insist(w);
	if (is_due(suspension_ms(w)))
		follow_suspension(w);
}

/* Milliseconds until something is due; -1: nothing is. */
static int next_ms(const struct waiting *w)
{
	const int64_t times[] = { w->last.rewake_ms, w->last.insist_ms, suspension_ms(w) };
	int64_t next = INT64_MAX, now = now_ms();

	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		if (times[i] && times[i] < next)
			next = times[i];
	if (next == INT64_MAX)
		return -1;
	return next > now ? (int)(next - now) : 0;
}

int run_wait(pid_t child, int signals, struct watch *watch, int *ret_status)
{
	struct waiting w = { .child = child, .watch = watch };
	struct pollfd in = { .fd = signals, .events = POLLIN };
	struct signalfd_siginfo info;

	on_child(&w);
	while (!w.ended) {
		if (poll(&in, 1, next_ms(&w)) < 0 && errno != EINTR)
			return -errno;
		while (!w.ended && read(signals, &info, sizeof(info)) == sizeof(info))
			on_signal(&w, &info);
		if (!w.ended)
			on_time(&w);
	}
	/* Our SIGKILL stands for what was typed: that is what its callers should see. */
	*ret_status = w.ended_for && WIFSIGNALED(w.status) && WTERMSIG(w.status) == SIGKILL ? w.ended_for
											    : w.status;
	return 0;
}

int run_end(int wait_status)
{
	sigset_t set;
	int signal;

	if (WIFEXITED(wait_status))
		return WEXITSTATUS(wait_status);
	signal = WTERMSIG(wait_status);
	/* The command may have left a core; a second one, of this process, would only mislead. */
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	prctl(PR_SET_DUMPABLE, 0);
	sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	sigemptyset(&set);
	sigaddset(&set, signal);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signal);
	return 128 + signal;
}
