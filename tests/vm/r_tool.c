// SPDX-License-Identifier: Apache-2.0
/*
 * r_tool.c - what the robustness tests (r_*.sh) do inside an agent
 *
 * Built statically on the host: gcc -O2 -static -pthread -o r_tool r_tool.c. Every subcommand prints one line per result
 * and exits 0 when it could do what it was asked (being refused is a result); 1 otherwise.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cvf/abi.h"

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static int say(const char *what, int result)
{
	printf("%s %s\n", what, result < 0 ? strerrorname_np(-result) ?: "E?" : "ok");
	fflush(stdout);
	return 0;
}

/* 0 or negative errno */
static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* open PATH...: opens each for reading, in turn */
static int cmd_open(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		say(argv[i], try_open(argv[i], O_RDONLY));
	return 0;
}

/* ---- waking what is held --------------------------------------------------------------------------------------- */

/* 'T', 'S', 'R', ... or 0 */
static char state_of(pid_t pid)
{
	char path[64], text[512], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	at = strrchr(text, ')');
	return at && at[1] ? at[2] : 0;
}

static volatile sig_atomic_t conts;

static void on_cont(int signal)
{
	(void)signal;
	conts++;
}

/* Sends SIGCONT to a process each time it has stopped. Tells how often on a pipe's end by exit only: a count in shared memory. */
static int *shared_int(void)
{
	int *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void wake_by_kill(pid_t target, int times, int *count)
{
	for (int i = 0; i < times; i++) {
		for (int tries = 0; tries < 5000 && state_of(target) != 'T'; tries++)
			sleep_ms(2);
		if (kill(target, SIGCONT) == 0)
			++*count;
	}
}

static int open_and_report(const char *path, const int *woken)
{
	int r = try_open(path, O_RDONLY);

	printf("woken %d\n", woken ? *woken : -1);
	return say("result", r);
}

/* A sibling that sends SIGCONT TIMES times, each time after the target stopped again. */
static int wake_sibling(const char *path, int times)
{
	int *count = shared_int();
	pid_t target = getpid(), pid;

	signal(SIGCONT, on_cont);
	pid = fork();
	if (pid == 0) {
		wake_by_kill(target, times, count);
		_exit(0);
	}
	open_and_report(path, count);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}

/* A timer whose signal is SIGCONT. */
static int wake_timer(const char *path, int times)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT };
	struct itimerspec every = { { 0, 20000000 }, { 0, 20000000 } };
	timer_t timer;

	(void)times;
	signal(SIGCONT, on_cont);
	if (timer_create(CLOCK_MONOTONIC, &e, &timer) || timer_settime(timer, 0, &every, NULL))
		return say("setup", -errno), 1;
	return open_and_report(path, NULL);
}

/* Children that end with SIGCONT for their parent instead of SIGCHLD. */
static int wake_child(const char *path, int times)
{
	int *count = shared_int();

	for (int i = 0; i < times; i++) {
		pid_t pid = (pid_t)syscall(SYS_clone, (unsigned long)SIGCONT, NULL, NULL, NULL, 0);

		if (pid < 0)
			return say("setup", -errno), 1;
		if (pid == 0) {
			sleep_ms(200 + 40 * i);
			++*count;
			_exit(0);
		}
	}
	return open_and_report(path, count);
}

/* A message queue that tells of its message by SIGCONT. */
static int wake_mq(const char *path, int times)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT };
	struct mq_attr a = { .mq_maxmsg = 8, .mq_msgsize = 8 };
	int *count = shared_int();
	pid_t target = getpid(), pid;
	mqd_t q = mq_open("/r_tool", O_RDWR | O_CREAT, 0600, &a);

	(void)times;
	if (q == (mqd_t)-1 || mq_notify(q, &e))
		return say("setup", -errno), 1;
	pid = fork();
	if (pid == 0) {
		for (int tries = 0; tries < 5000 && state_of(target) != 'T'; tries++)
			sleep_ms(2);
		*count += mq_send(q, "x", 1, 0) == 0;
		_exit(0);
	}
	return open_and_report(path, count);
}

static void ask_when_told(int start, const char *path)
{
	char byte;

	if (read(start, &byte, 1) == 1)
		say("result", try_open(path, O_RDONLY));
	_exit(0);
}

/*
 * The held task's own parent traces it. Swallowing every stop, as tracers of old did, makes the task ask in a circle; it must
 * end in a refusal. One that lets stops be stops (PTRACE_LISTEN, what strace does) changes nothing.
 */
static int wake_tracer(const char *path, bool swallow)
{
	int status, stops = 0, start[2];
	pid_t pid;

	if (pipe2(start, O_CLOEXEC) < 0)
		return 1;
	pid = fork();
	if (pid == 0)
		ask_when_told(start[0], path);
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return say("setup", -errno), kill(pid, SIGKILL);
	if (write(start[1], "x", 1) != 1)
		return 1;
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		int s = WSTOPSIG(status);
		bool is_group_stop = status >> 16 == PTRACE_EVENT_STOP && s == SIGSTOP;

		stops += s == SIGSTOP;
		if (ptrace(is_group_stop && !swallow ? PTRACE_LISTEN : PTRACE_CONT, pid, NULL,
			   (void *)(long)(swallow || status >> 16 ? 0 : s)) < 0)
			break;
	}
	printf("woken %d\n", stops);
	return 0;
}

/* wake HOW PATH TIMES: asks for PATH while something keeps waking us */
static int cmd_wake(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[0] : "";
	int times = argc > 2 ? atoi(argv[2]) : 20;

	if (!strcmp(how, "sibling"))
		return wake_sibling(argv[1], times);
	if (!strcmp(how, "timer"))
		return wake_timer(argv[1], times);
	if (!strcmp(how, "child"))
		return wake_child(argv[1], times);
	if (!strcmp(how, "mq"))
		return wake_mq(argv[1], times);
	if (!strcmp(how, "tracer"))
		return wake_tracer(argv[1], true);
	if (!strcmp(how, "tracer-polite"))
		return wake_tracer(argv[1], false);
	return 1;
}

/* ---- threads ---------------------------------------------------------------------------------------------------- */

struct job {
	pthread_t thread;
	const char *path;
	int result;
};

static void *thread_open(void *arg)
{
	struct job *j = arg;

	j->result = try_open(j->path, O_RDONLY);
	return NULL;
}

/* threads PATH...: one thread for each path; a further one counts all the time */
static int cmd_threads(int argc, char **argv)
{
	struct job jobs[16];
	unsigned long counted = 0;

	if (argc < 1 || argc > 16)
		return 1;
	for (int i = 0; i < argc; i++) {
		jobs[i] = (struct job){ .path = argv[i], .result = -EINVAL };
		if (pthread_create(&jobs[i].thread, NULL, thread_open, &jobs[i]))
			return 1;
	}
	for (int i = 0; i < argc; i++) {
		pthread_join(jobs[i].thread, NULL);
		say(argv[i], jobs[i].result);
	}
	for (double end = now_s() + 0.05; now_s() < end;)
		counted++;
	printf("main %s\n", counted ? "runs" : "stuck");
	return 0;
}

/* ---- load ------------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t ended;

static void on_term(int signal)
{
	(void)signal;
	ended = 1;
}

/*
 * mixed ALLOWED DENIED COUNTERS [PAUSE-MS]: opens both in turn until SIGTERM; COUNTERS (made by the caller) shows rounds and
 * mistakes. Without the pause it is a flood of refusals, each of them a record.
 */
static int cmd_mixed(int argc, char **argv)
{
	volatile long *count;
	int fd;

	if (argc < 3)
		return 1;
	fd = open(argv[2], O_RDWR | O_CLOEXEC);
	count = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (count == MAP_FAILED)
		return say("setup", -errno), 1;
	signal(SIGTERM, on_term);
	while (!ended) {
		int a = try_open(argv[0], O_RDONLY), d = try_open(argv[1], O_RDONLY);

		count[0]++;
		if (a < 0) {
			count[1]++;
			count[3] = -a;
		}
		if (d != -EPERM)
			count[2]++;
		if (argc > 3)
			sleep_ms(atol(argv[3]));
	}
	printf("rounds %ld refused-wrongly %ld (last errno %ld) let-through-wrongly %ld\n", count[0], count[1], count[3], count[2]);
	return count[1] || count[2];
}

/* counters FILE: what `mixed` counted so far */
static int cmd_counters(int argc, char **argv)
{
	long count[4] = { 0 };
	int fd = argc == 1 ? open(argv[0], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || read(fd, count, sizeof(count)) != sizeof(count))
		return 1;
	printf("%ld %ld %ld\n", count[0], count[1], count[2]);
	return 0;
}

/* repeat N PATH r|w: opens the same file N times */
static int cmd_repeat(int argc, char **argv)
{
	long n = argc == 3 ? atol(argv[0]) : 0, ok = 0, eperm = 0, other = 0;

	for (long i = 0; i < n; i++) {
		int r = try_open(argv[1], *argv[2] == 'w' ? O_WRONLY : O_RDONLY);

		ok += r == 0;
		eperm += r == -EPERM;
		other += r != 0 && r != -EPERM;
	}
	printf("ok %ld eperm %ld other %ld\n", ok, eperm, other);
	return n < 1;
}

/* burst PROCESSES N PATH: PROCESSES children, each opens PATH.<number> N times */
static int cmd_burst(int argc, char **argv)
{
	long processes = argc == 3 ? atol(argv[0]) : 0, n = argc == 3 ? atol(argv[1]) : 0;
	int (*counts)[4] = (void *)shared_int();
	double start = now_s();

	if (processes < 1 || processes > 200 || n < 1 || !counts)
		return 1;
	fflush(stdout);
	for (long p = 0; p < processes; p++) {
		char path[256];

		snprintf(path, sizeof(path), "%s.%ld", argv[2], p);
		if (fork() == 0) {
			for (long i = 0; i < n; i++) {
				int r = try_open(path, O_RDONLY);

				counts[p][r == 0 ? 0 : r == -EPERM ? 1 : r == -513 ? 2 : 3]++;
			}
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	for (long p = 1; p < processes; p++)
		for (int k = 0; k < 4; k++)
			counts[0][k] += counts[p][k];
	printf("ok %d eperm %d errno513 %d other %d\n", counts[0][0], counts[0][1], counts[0][2], counts[0][3]);
	fprintf(stderr, "burst: %.1f s\n", now_s() - start);
	return 0;
}

struct burst_thread {
	pthread_t thread;
	pthread_barrier_t *round;
	const char *prefix;
	long number, n;
	int counts[4];
};

static void *burst_thread(void *arg)
{
	struct burst_thread *t = arg;
	char path[256];

	snprintf(path, sizeof(path), "%s.%ld", t->prefix, t->number);
	for (long i = 0; i < t->n; i++) {
		int r;

		pthread_barrier_wait(t->round);
		r = try_open(path, O_RDONLY);
		t->counts[r == 0 ? 0 : r == -EPERM ? 1 : r == -513 ? 2 : 3]++;
	}
	return NULL;
}

/* burst-threads THREADS N PATH: threads of one process, all at the same moment, each opens PATH.<number> N times */
static int cmd_burst_threads(int argc, char **argv)
{
	struct burst_thread threads[16] = {};
	long number = argc == 3 ? atol(argv[0]) : 0;
	pthread_barrier_t round;
	int all[4] = {};

	if (number < 1 || number > 16 || pthread_barrier_init(&round, NULL, (unsigned int)number))
		return 1;
	for (long i = 0; i < number; i++) {
		threads[i] = (struct burst_thread){ .round = &round, .prefix = argv[2], .number = i, .n = atol(argv[1]) };
		if (pthread_create(&threads[i].thread, NULL, burst_thread, &threads[i]))
			return 1;
	}
	for (long i = 0; i < number; i++) {
		pthread_join(threads[i].thread, NULL);
		for (int k = 0; k < 4; k++)
			all[k] += threads[i].counts[k];
	}
	printf("ok %d eperm %d errno513 %d other %d\n", all[0], all[1], all[2], all[3]);
	return 0;
}

/* flood N PATH: N children ask at once for PATH.<number>; one line of totals */
static int cmd_flood(int argc, char **argv)
{
	static char one[] = "1";
	char *args[] = { argv[0], one, argv[1] };

	return argc == 2 ? cmd_burst(3, args) : 1;
}

/* forks N: N children, 50 at a time, each of which does nothing */
static int cmd_forks(int argc, char **argv)
{
	long n = argc == 1 ? atol(argv[0]) : 0, made = 0, failed = 0, ended_well = 0;
	int status;

	for (long i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(7);
		if (pid > 0)
			made++;
		else
			failed++;
		if (made - ended_well >= 50 && wait(&status) > 0)
			ended_well += WIFEXITED(status) && WEXITSTATUS(status) == 7;
	}
	while (wait(&status) > 0)
		ended_well += WIFEXITED(status) && WEXITSTATUS(status) == 7;
	printf("made %ld failed %ld ended %ld\n", made, failed, ended_well);
	return 0;
}

/* ---- one question after the other ---------------------------------------------------------------------------------- */

struct worker {
	volatile long asked;	/* the number of the file that it shall write to; whoever drives counts up */
	volatile long done;	/* the last one that came back */
	volatile long result;	/* of it: 0 or errno */
	volatile long pid;
};

static void work(struct worker *me, const char *prefix)
{
	char path[256];

	me->pid = getpid();
	while (!ended) {
		long number = me->asked;
		int fd;

		if (number == me->done) {
			sleep_ms(1);
			continue;
		}
		snprintf(path, sizeof(path), "%s.%06ld", prefix, number);
		fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
		me->result = fd < 0 ? errno : write(fd, "x", 1) == 1 ? 0 : EIO;
		if (fd >= 0)
			close(fd);
		me->done = number;
	}
	_exit(0);
}

/* workers N PREFIX FILE: N children; each adds one byte to PREFIX.<number> for each number that FILE, mapped, tells it; until SIGTERM */
static int cmd_workers(int argc, char **argv)
{
	long n = argc == 3 ? atol(argv[0]) : 0;
	int fd = argc == 3 ? open(argv[2], O_RDWR | O_CLOEXEC) : -1;
	pid_t pids[64];
	struct worker *all = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (n < 1 || n > 64 || all == MAP_FAILED)
		return say("setup", -errno), 1;
	signal(SIGTERM, on_term);
	for (long i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			work(&all[i], argv[1]);
	}
	while (!ended)
		sleep_ms(20);
	for (long i = 0; i < n; i++)
		kill(pids[i], SIGTERM);
	while (wait(NULL) > 0)
		;
	return 0;
}

/* ---- what the kernel has no more of -------------------------------------------------------------------------------- */

static long bpf_call(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* The i-th of our keys: no task, no digest and no session is like it. */
static void key_make(unsigned char *key, size_t size, unsigned int i)
{
	memset(key, 0xee, size);
	memcpy(key + (size == 4 ? 0 : 2), &i, size == 4 ? 3 : 4);
}

static long pinned_map(const char *name, struct bpf_map_info *ret)
{
	char path[256];
	union bpf_attr attr = { .pathname = (uint64_t)(uintptr_t)path };
	long fd;

	snprintf(path, sizeof(path), "/sys/fs/bpf/cvf/%s", name);
	fd = bpf_call(BPF_OBJ_GET, &attr);
	attr = (union bpf_attr){ .info = { .bpf_fd = (uint32_t)fd, .info_len = sizeof(*ret), .info = (uint64_t)(uintptr_t)ret } };
	return fd < 0 || bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr) < 0 || ret->key_size < 4 ? -1 : fd;
}

/* fill NAME: puts entries of nobody into a pinned map until there is room for none; drain NAME: removes them. Prints how many. */
static int fill_or_drain(int argc, char **argv, bool is_fill)
{
	static unsigned char key[64], value[1 << 16];
	struct bpf_map_info info = { 0 };
	long fd = argc == 1 ? pinned_map(argv[0], &info) : -1, done = 0;

	if (fd < 0 || info.key_size > sizeof(key) || info.value_size > sizeof(value))
		return say("map", -errno), 1;
	for (unsigned int i = 1; i <= info.max_entries; i++) {
		union bpf_attr attr = { .map_fd = (uint32_t)fd, .key = (uint64_t)(uintptr_t)key };

		if (is_fill)
			attr.value = (uint64_t)(uintptr_t)value;
		key_make(key, info.key_size, i);
		if (bpf_call(is_fill ? BPF_MAP_UPDATE_ELEM : BPF_MAP_DELETE_ELEM, &attr) == 0)
			done++;
		else if (is_fill)
			break;
	}
	printf("%ld of %u\n", done, info.max_entries);
	return !done;
}

static int cmd_fill(int argc, char **argv)
{
	return fill_or_drain(argc, argv, true);
}

static int cmd_drain(int argc, char **argv)
{
	return fill_or_drain(argc, argv, false);
}

/* nofile PID N: so many descriptors it may have from now on; prints what it was */
static int cmd_nofile(int argc, char **argv)
{
	struct rlimit limit, old;

	if (argc != 2 || prlimit(atoi(argv[0]), RLIMIT_NOFILE, NULL, &old))
		return say("prlimit", -errno), 1;
	limit = (struct rlimit){ strtoul(argv[1], NULL, 10), old.rlim_max };
	if (prlimit(atoi(argv[0]), RLIMIT_NOFILE, &limit, NULL))
		return say("prlimit", -errno), 1;
	printf("%lu\n", (unsigned long)old.rlim_cur);
	return 0;
}

/* ---- programs of a person ----------------------------------------------------------------------------------------- */

/* talk PATH: opens it, then echoes one line of the terminal: what an interactive program is */
static int cmd_talk(int argc, char **argv)
{
	char line[256];

	if (argc != 1)
		return 1;
	printf("asking\n");
	fflush(stdout);
	say("opened", try_open(argv[0], O_RDONLY));
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\r\n")] = 0;
		if (!strcmp(line, "bye"))
			return 9;
		printf("got <%s>\n", line);
		fflush(stdout);
	}
	return 3;
}

/* winsize: of standard input, then again after each SIGWINCH, until SIGTERM or ten seconds */
static int cmd_winsize(int argc, char **argv)
{
	struct winsize w;
	sigset_t set;
	int signal;

	(void)argc, (void)argv;
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 2; i++) {
		if (ioctl(0, TIOCGWINSZ, &w))
			return 1;
		printf("size %dx%d\n", w.ws_row, w.ws_col);
		fflush(stdout);
		if (!i && (signal = sigtimedwait(&set, NULL, &(struct timespec){ 20, 0 })) != SIGWINCH)
			return 1;
	}
	return 0;
}

/* as UID GID HOME COMMAND...: becomes that user; what su does, without reading secrets */
static int cmd_as(int argc, char **argv)
{
	if (argc < 4 || setgroups(0, NULL) || setgid((gid_t)atoi(argv[1])) || setuid((uid_t)atoi(argv[0])))
		return say("setup", -errno), 1;
	setenv("HOME", argv[2], 1);
	setenv("USER", "dev", 1);
	setenv("LOGNAME", "dev", 1);
	execvp(argv[3], argv + 3);
	return say("exec", -errno), 1;
}

/* pinned-abi N: what the pinned state says that its version is becomes N; prints what it was. */
static int cmd_pinned_abi(int argc, char **argv)
{
	union bpf_attr attr = { .pathname = (uint64_t)(uintptr_t)"/sys/fs/bpf/cvf/state" };
	long fd = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	struct cvf_control *control;

	if (argc < 1 || fd < 0)
		return say("pins", -errno), 1;
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
	if (control == MAP_FAILED)
		return say("map", -errno), 1;
	printf("%u\n", control->abi);
	control->abi = (uint32_t)atoi(argv[0]);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "open", cmd_open }, { "wake", cmd_wake }, { "threads", cmd_threads }, { "mixed", cmd_mixed },
	{ "counters", cmd_counters }, { "repeat", cmd_repeat }, { "burst", cmd_burst }, { "burst-threads", cmd_burst_threads },
	{ "flood", cmd_flood },
	{ "forks", cmd_forks }, { "workers", cmd_workers }, { "fill", cmd_fill }, { "drain", cmd_drain },
	{ "nofile", cmd_nofile }, { "talk", cmd_talk }, { "winsize", cmd_winsize }, { "as", cmd_as },
	{ "pinned-abi", cmd_pinned_abi },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 2, argv + 2);
	fprintf(stderr, "r_tool: see r_tool.c\n");
	return 2;
}
