// SPDX-License-Identifier: Apache-2.0
/* identity.c - programs that are not what they seem, and calls that change after they were asked about */
#include "probe.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

/* exec-as NAME PROGRAM ARGUMENT...: NAME is its argv[0] */
static int v_exec_as(int argc, char **argv)
{
	char *program = argv[2];

	(void)argc;
	argv[2] = argv[1];
	return result(execv(program, argv + 2));
}

/* exec-bare PROGRAM: with no arguments at all, not even its name */
static int v_exec_bare(int argc, char **argv)
{
	char *none[] = { NULL };

	(void)argc;
	return result(execve(argv[1], none, environ));
}

/* named NAME VERB...: by a process of that name that also says it is another program */
static int v_named(int argc, char **argv)
{
	int fd = open("/usr/sbin/cvfd", O_RDONLY);

	prctl(PR_SET_NAME, argv[1]);
	/* Refused by the kernel as long as the real one is mapped; were it not, it must not count. */
	prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, fd, 0, 0);
	close(fd);
	return verb_run(argc - 2, argv + 2);
}

/* made-code FILE: deletes it by instructions that no file has */
static int v_made_code(int argc, char **argv)
{
#ifdef __x86_64__
	static const unsigned char code[] = { 0xb8, 87, 0, 0, 0, 0x0f, 0x05, 0xc3 }; /* eax = unlink; syscall; ret */
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long (*run)(const char *);
	long r;

	(void)argc;
	if (p == MAP_FAILED)
		return broken("mmap");
	memcpy(p, code, sizeof(code));
	if (mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0)
		return broken("mprotect");
	memcpy(&run, &p, sizeof(run));
	r = run(argv[1]);
	return r < 0 ? (int)-r : 0;
#else
	(void)argc;
	errno = ENOSYS;
	return broken(argv[0]);
#endif
}

/* ---- changed after it was asked ---- */

static const char *instead;

#ifdef __x86_64__
static void edit_context(int sig, siginfo_t *info, void *context)
{
	ucontext_t *c = context;

	(void)sig, (void)info;
	c->uc_mcontext.gregs[REG_RDI] = (greg_t)(uintptr_t)instead;
}
#endif

/*
 * signal-unlink A B: asks to delete A; while it is held a signal is sent to it, whose handler turns the call into one about
 * B. /t/r0/swapped tells that the signal is on its way.
 */
static int v_signal_unlink(int argc, char **argv)
{
#ifdef __x86_64__
	struct sigaction edit = { .sa_sigaction = edit_context, .sa_flags = SA_SIGINFO };
	pid_t asker = getpid(), sender;

	(void)argc;
	instead = argv[2];
	sigaction(SIGUSR1, &edit, NULL);
	sender = fork();
	if (sender < 0)
		return broken("fork");
	if (sender == 0) {
		for (int i = 0; i < PATIENCE_S * 500 && state_of(asker) != 'T'; i++)
			nap();
		kill(asker, SIGUSR1);
		_exit(write_text("/t/r0/swapped", ""));
	}
	return result(unlink(argv[1]));
#else
	(void)argc, (void)argv;
	errno = ENOSYS;
	return broken("signal-unlink");
#endif
}

/*
 * trace-unlink A B: a child asks to delete A; its tracer makes B of A when the call begins
 * retrace-unlink A B: when it finds it stopped in the call, and lets it go on
 */
static int v_trace_unlink(int argc, char **argv)
{
#ifdef __x86_64__
	bool entry = strcmp(argv[0], "trace-unlink") == 0;
	struct user_regs_struct regs;
	pid_t child = fork();
	int status;

	(void)argc;
	if (child < 0)
		return broken("fork");
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(result(unlink(argv[1])));
	}
	waitpid(child, &status, 0);
	for (int i = 0; i < 100; i++) {
		ptrace(entry ? PTRACE_SYSCALL : PTRACE_CONT, child, 0, 0);
		if (waitpid(child, &status, 0) < 0)
			return broken("waitpid");
		if (!WIFSTOPPED(status))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (ptrace(PTRACE_GETREGS, child, 0, &regs) == 0 && regs.rdi == (uint64_t)(uintptr_t)argv[1]) {
			regs.rdi = (uint64_t)(uintptr_t)argv[2];
			ptrace(PTRACE_SETREGS, child, 0, &regs);
		}
	}
	kill(child, SIGKILL);
	return BROKEN;
#else
	(void)argc, (void)argv;
	errno = ENOSYS;
	return broken("trace-unlink");
#endif
}

static char race_path[PATH_MAX];

struct race {
	const char *a, *b;
};

static void *race_text(void *arg)
{
	const struct race *r = arg;

	for (bool b = false;; b = !b)
		for (const char *from = b ? r->b : r->a, *p = from;; p++) {
			((volatile char *)race_path)[p - from] = *p;
			if (!*p)
				break;
		}
	return NULL;
}

static void *race_link(void *arg)
{
	const struct race *r = arg;

	for (;;)
		renameat2(AT_FDCWD, r->a, AT_FDCWD, r->b, RENAME_EXCHANGE);
	return NULL;
}

/*
 * race-text A B N: opens a name N times and writes where it came to, while a thread turns the name from A to B and back
 * race-link A B N: the same with A/f, while a thread lets the links A and B change places
 * Goes on until both were met, be it by a refusal: two threads need not take turns. Not for ever.
 */
static int v_race(int argc, char **argv)
{
	struct race r = { argv[1], argv[2] };
	bool links = strcmp(argv[0], "race-link") == 0, both = false;
	time_t end = time(NULL) + 60;
	ino_t first = 0, met;
	struct stat got;
	pthread_t thread;
	int wrote = 0, i = 0, n = atoi(argv[3]);

	(void)argc;
	snprintf(race_path, sizeof(race_path), links ? "%s/f" : "%s", argv[1]);
	if (pthread_create(&thread, NULL, links ? race_link : race_text, &r))
		return broken("pthread_create");
	for (; (i < n || !both) && time(NULL) < end; i++) {
		int fd = open(race_path, O_WRONLY | O_APPEND);

		if (fd < 0 && errno != EPERM)
			continue;
		met = fd >= 0 && fstat(fd, &got) == 0 ? got.st_ino : (ino_t)-1;
		both |= first && first != met;
		first = first ?: met;
		wrote += fd >= 0 && write(fd, "raced\n", 6) == 6;
		if (fd >= 0)
			close(fd);
	}
	printf("wrote %d of %d, met %s\n", wrote, i, both ? "both" : "one");
	return both ? 0 : BROKEN;
}

/* each FILE: the verbs of its lines one after the other; prints "STATUS LINE" for each */
static int v_each(int argc, char **argv)
{
	enum { WORDS = 8 };
	FILE *f = fopen(argv[1], "re");
	char line[PATH_MAX], text[PATH_MAX], *words[WORDS + 1], *at;
	int n;

	(void)argc;
	if (!f)
		return broken(argv[1]);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		snprintf(text, sizeof(text), "%s", line);
		n = 0;
		for (char *w = strtok_r(line, " ", &at); w && n < WORDS; w = strtok_r(NULL, " ", &at))
			words[n++] = w;
		words[n] = NULL;
		if (n)
			printf("%d %s\n", verb_run(n, words), text);
	}
	fclose(f);
	return 0;
}

const struct verb identity_verbs[] = {
	{ "exec-as", 2, v_exec_as },
	{ "exec-bare", 1, v_exec_bare },
	{ "named", 2, v_named },
	{ "made-code", 1, v_made_code },
	{ "signal-unlink", 2, v_signal_unlink },
	{ "trace-unlink", 2, v_trace_unlink },
	{ "retrace-unlink", 2, v_trace_unlink },
	{ "race-text", 3, v_race },
	{ "race-link", 3, v_race },
	{ "each", 1, v_each },
	{ 0 },
};
