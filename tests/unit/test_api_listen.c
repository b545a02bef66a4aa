// SPDX-License-Identifier: Apache-2.0
/* test_api_listen.c - who connected: by a pidfd, and without one by the moment at which the process started */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/listen.h"

/* Field 22, read in another way than the product does. */
static uint64_t start_of(pid_t pid)
{
	char path[64];
	unsigned long long start = 0;
	own_file FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &start), 1);
	return start;
}

/* As a kernel without pidfds of peers tells it. */
static struct peer without_pidfd(pid_t pid)
{
	return (struct peer){ .pid = pid, .pidfd = -1, .start = start_of(pid) };
}

static void test_a_peer_is_who_connected(void **state)
{
	struct peer p;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(peer_init(&p, fd[0]), 0);
	assert_int_equal(p.pid, getpid());
	assert_int_equal(p.uid, getuid());
	assert_true(p.pidfd >= 0 || p.start == start_of(getpid()));
	assert_true(peer_is_alive(&p));
	peer_done(&p);
	close(fd[0]);
	close(fd[1]);
}

static void test_another_start_is_another_process(void **state)
{
	struct peer p = without_pidfd(getpid());

	(void)state;
	assert_true(peer_is_alive(&p));
	p.start++;
	assert_false(peer_is_alive(&p));
	p.start = 0;
	assert_false(peer_is_alive(&p));
}

static void test_the_dead_are_gone(void **state)
{
	pid_t child = fork();
	struct peer p;

	(void)state;
	if (child == 0) {
		pause();
		_exit(0);
	}
	p = without_pidfd(child);
	assert_true(peer_is_alive(&p));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_false(peer_is_alive(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_peer_is_who_connected),
		cmocka_unit_test(test_another_start_is_another_process),
		cmocka_unit_test(test_the_dead_are_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
