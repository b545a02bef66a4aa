// SPDX-License-Identifier: Apache-2.0
/*
 * r_beat.c - counts in a file as long as it runs, and wakes itself every few milliseconds with a SIGCONT of the kernel's
 *
 * r_beat count|threads|fork|calm FILE: in one thread, in four, each count by a child of its own, or one every two milliseconds.
 * r_beat read FILE prints the count. It counts in mapped memory: counting is no system call.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned long long *beats;

static void *count(void *unused)
{
	(void)unused;
	for (;;)
		__atomic_fetch_add(beats, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void count_in_children(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid == 0) {
			__atomic_fetch_add(beats, 1, __ATOMIC_RELAXED);
			_exit(0);
		}
		if (pid < 0)
			_exit(1);
		waitpid(pid, NULL, 0);
	}
}

static void count_calmly(void)
{
	for (;;) {
		usleep(2000);
		__atomic_fetch_add(beats, 1, __ATOMIC_RELAXED);
	}
}

static void wake_often(void)
{
	struct sigevent by_signal = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT };
	struct itimerspec often = { { 0, 5000000 }, { 0, 5000000 } };
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &by_signal, &timer) || timer_settime(timer, 0, &often, NULL))
		_exit(2);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int fd = argc == 3 ? open(argv[2], O_RDWR) : -1;

	if (fd < 0) {
		perror("usage: r_beat count|threads|fork|calm|read FILE");
		return 2;
	}
	beats = mmap(NULL, sizeof(*beats), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (beats == MAP_FAILED)
		return 2;
	if (!strcmp(argv[1], "read"))
		return printf("%llu\n", *beats) < 0;
	if (!strcmp(argv[1], "calm"))
		count_calmly();
	wake_often();
	if (!strcmp(argv[1], "fork"))
		count_in_children();
	for (int i = 0; !strcmp(argv[1], "threads") && i < 3; i++)
		if (pthread_create(&thread, NULL, count, NULL))
			return 2;
	count(NULL);
}
