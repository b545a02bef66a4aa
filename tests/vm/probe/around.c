// SPDX-License-Identifier: Apache-2.0
/* around.c - verbs that run another verb: from a thread, a grandchild, a namespace, while memory changes */
#include "probe.h"

#include <linux/io_uring.h>
#include <linux/sched.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
static int v_fork(int argc, char **argv)
{
	pid_t child = fork();

	if (child == 0)
		_exit(verb_run(argc - 1, argv + 1));
	return child < 0 ? errno : wait_child(child);
}

/* fork-as NUMBER VERB...: by a child whose process number was chosen */
static int v_fork_as(int argc, char **argv)
{
	pid_t wanted = atoi(argv[1]);
	struct clone_args a = { .exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&wanted, .set_tid_size = 1 };
	pid_t child = (pid_t)syscall(SYS_clone3, &a, sizeof(a));

	if (child == 0)
		_exit(getpid() == wanted ? verb_run(argc - 2, argv + 2) : BROKEN);
	return child < 0 ? errno : wait_child(child);
}

/* double-fork FILE VERB...: by a grandchild in a session of its own whose parents are gone; the errno stands in FILE */
static int v_double_fork(int argc, char **argv)
{
	char text[16];
	pid_t child = fork();

	if (child != 0)
		return child < 0 ? errno : wait_child(child);
	setsid();
	if (fork() != 0)
		_exit(0);
	while (getppid() == getsid(0))
		nap();
	snprintf(text, sizeof(text), "%d", verb_run(argc - 2, argv + 2));
	_exit(write_text(argv[1], text));
}

struct job {
	int argc;
	char **argv;
	int status;
};

static void *job_run(void *arg)
{
	struct job *j = arg;

	j->status = verb_run(j->argc, j->argv);
	return NULL;
}

static int v_thread(int argc, char **argv)
{
	struct job j = { argc - 1, argv + 1, 0 };
	pthread_t thread;

	if (pthread_create(&thread, NULL, job_run, &j) || pthread_join(thread, NULL))
		return broken("pthread");
	return j.status;
}

/* threads N FILE VERB...: N threads and the first one wait for FILE, then do the verb; prints each errno */
static int v_threads(int argc, char **argv)
{
	enum { MOST = 64 };
	struct job jobs[MOST];
	char *wait_args[MOST + 3] = { "after" };
	pthread_t threads[MOST];
	int n = atoi(argv[1]);

	wait_args[1] = argv[2];
	for (int i = 3; i <= argc; i++)
		wait_args[i - 1] = argv[i];
	for (int i = 0; i < n; i++) {
		jobs[i] = (struct job){ argc - 1, wait_args, 0 };
		if (pthread_create(&threads[i], NULL, job_run, &jobs[i]))
			return broken("pthread_create");
	}
	if (wait_file(argv[2]))
		return BROKEN;
	printf("%d", verb_run(argc - 3, argv + 3));
	for (int i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		printf(" %d", jobs[i].status);
	}
	printf("\n");
	return 0;
}

/* after FILE VERB...: FILE.waiting tells that it waits */
static int v_after(int argc, char **argv)
{
	char ready[PATH_MAX];

	snprintf(ready, sizeof(ready), "%s.waiting", argv[1]);
	write_text(ready, "");
	return wait_file(argv[1]) ? BROKEN : verb_run(argc - 2, argv + 2);
}

/* cgroup FOLDER VERB...: after moving itself there */
static int v_cgroup(int argc, char **argv)
{
	char path[PATH_MAX], text[16];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", argv[1]);
	snprintf(text, sizeof(text), "%d", getpid());
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return broken(path);
	close(fd);
	return verb_run(argc - 2, argv + 2);
}

/* namespaces VERB...: as root of new user, mount, pid, net, ipc and uts namespaces */
static int v_namespaces(int argc, char **argv)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return 100 + errno;
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/uid_map", "0 0 1");
	write_text("/proc/self/gid_map", "0 0 1");
	return v_fork(argc, argv);
}

static int v_mountns(int argc, char **argv)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return broken("unshare");
	return verb_run(argc - 1, argv + 1);
}

static int v_chdir(int argc, char **argv)
{
	return chdir(argv[1]) < 0 ? broken(argv[1]) : verb_run(argc - 2, argv + 2);
}

static int v_in_root(int argc, char **argv)
{
	return chroot(argv[1]) < 0 ? 100 + errno : verb_run(argc - 2, argv + 2);
}

static int v_uid(int argc, char **argv)
{
	uid_t uid = (uid_t)atoi(argv[1]);

	if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		return broken("setresuid");
	return verb_run(argc - 2, argv + 2);
}

static int v_ignore_cont(int argc, char **argv)
{
	signal(SIGCONT, SIG_IGN);
	return verb_run(argc - 1, argv + 1);
}

/* stat FILE is there for a loop in a shell; repeat N VERB... stops at the first failure */
static int v_repeat(int argc, char **argv)
{
	int r = 0;

	for (int i = 0; r == 0 && i < atoi(argv[1]); i++)
		r = verb_run(argc - 2, argv + 2);
	return r;
}

char state_of(pid_t pid)
{
	char path[64], text[512], *end;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	text[n] = 0;
	end = strrchr(text, ')');
	return end ? end[2] : 0;
}

/* mix GOOD BAD N: eight processes open both N times each, all at once; how often it was not as it must be, 100 at most */
static int v_mix(int argc, char **argv)
{
	enum { PROCESSES = 8 };
	int wrong = 0;

	(void)argc;
	for (int p = 0; p < PROCESSES; p++) {
		if (fork() != 0)
			continue;
		for (int i = 0; i < atoi(argv[3]); i++) {
			wrong += result_fd(open(argv[1], O_WRONLY)) != 0;
			wrong += result_fd(open(argv[2], O_WRONLY)) != EPERM;
		}
		_exit(wrong > 100 ? 100 : wrong);
	}
	for (int p = 0; p < PROCESSES; p++)
		wrong += wait_child(-1);
	return wrong > 100 ? 100 : wrong;
}

/* The memory that swap-* verbs change while the other process is held. */
static char swap_text[PATH_MAX], swap_verb[32];
static struct peer swap_peer;

static int swap_child(void *arg)
{
	int fd;

	(void)arg;
	if (strcmp(swap_verb, "swap-unlink") == 0)
		return result(unlink(swap_text));
	if (strcmp(swap_verb, "swap-exec") == 0)
		return result(execv("/t/r2/probe", (char *[]){ "probe", "say", "/t/r0/said", swap_text, NULL }));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	return result(connect(fd, &swap_peer.a.any, swap_peer.size));
}

/*
 * swap-unlink|swap-exec|swap-connect A B: a process that shares our memory, and is not one of our threads, does it with A;
 * when it is held, A becomes B, which /t/r0/swapped tells. Exits with what the other process got.
 */
static int v_swap(int argc, char **argv)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t child;

	(void)argc;
	snprintf(swap_verb, sizeof(swap_verb), "%s", argv[0]);
	snprintf(swap_text, sizeof(swap_text), "%s", argv[1]);
	if (strcmp(swap_verb, "swap-connect") == 0 && peer_read(&swap_peer, argv[1], "7"))
		return BROKEN;
	child = clone(swap_child, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	if (child < 0)
		return broken("clone");
	for (int i = 0; state_of(child) != 'T'; i++) {
		if (i > PATIENCE_S * 500 || state_of(child) == 'Z')
			break;
		nap();
	}
	snprintf(swap_text, sizeof(swap_text), "%s", argv[2]);
	if (strcmp(swap_verb, "swap-connect") == 0 && peer_read(&swap_peer, argv[2], "7"))
		return BROKEN;
	write_text("/t/r0/swapped", "");
	return wait_child(child);
}

/* state PID: the letter of /proc/PID/stat */
static int v_state(int argc, char **argv)
{
	(void)argc;
	printf("%c\n", state_of(atoi(argv[1])));
	return 0;
}

const struct verb around_verbs[] = {
	{ "fork", 1, v_fork },
	{ "fork-as", 2, v_fork_as },
	{ "double-fork", 2, v_double_fork },
	{ "thread", 1, v_thread },
	{ "threads", 3, v_threads },
	{ "after", 2, v_after },
	{ "cgroup", 2, v_cgroup },
	{ "namespaces", 1, v_namespaces },
	{ "mountns", 1, v_mountns },
	{ "chdir", 2, v_chdir },
	{ "in-root", 2, v_in_root },
	{ "uid", 2, v_uid },
	{ "ignore-cont", 1, v_ignore_cont },
	{ "mix", 3, v_mix },
	{ "repeat", 2, v_repeat },
	{ "swap-unlink", 2, v_swap },
	{ "swap-exec", 2, v_swap },
	{ "swap-connect", 2, v_swap },
	{ "state", 1, v_state },
	{ 0 },
};
