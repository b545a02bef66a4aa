// SPDX-License-Identifier: Apache-2.0
/*
 * test_enforce_drop.c - what the enforcer can still do when it has given its privileges up: say that it is ready, and little else
 *
 * Each test drops in a child, whose exit status is what it found.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

#include <cmocka.h>

#include "../support/temp.h"
#include "enforce/drop.h"

#define NOBODY 65534

enum { CAN_NOTIFY = 1, CAN_INET = 2, CAN_STREAM = 4, CAN_OPEN = 8, CAN_FORK = 16, DROP_FAILED = 99 };

static int powers(void)
{
	int can = sd_notify(0, "READY=1") > 0 ? CAN_NOTIFY : 0;
	pid_t pid;

	can |= socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0 ? CAN_INET : 0;
	can |= socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 ? CAN_STREAM : 0;
	can |= open("/", O_RDONLY | O_CLOEXEC) >= 0 ? CAN_OPEN : 0;
	pid = fork();
	if (!pid)
		_exit(0);
	return can | (pid > 0 ? CAN_FORK : 0);
}

static int in_child(bool drops)
{
	pid_t pid = fork();
	int status;

	if (!pid) /* not _exit(): the sanitizers have it make calls that are not on the list */
		syscall(SYS_exit_group, drops && drop_privileges(NOBODY, NOBODY) < 0 ? DROP_FAILED : powers());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void ready_is_said_and_nothing_else_can_be_made(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	own_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char *dir = temp_make(), said[32] = "";

	(void)state;
	if (geteuid()) {
		temp_remove(dir);
		skip();
	}
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/notify", dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(chmod(dir, 0755) | chmod(at.sun_path, 0666), 0);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	assert_int_equal(in_child(false), CAN_NOTIFY | CAN_INET | CAN_STREAM | CAN_OPEN | CAN_FORK);
	assert_true(recv(fd, said, sizeof(said), MSG_DONTWAIT) > 0);
	assert_int_equal(in_child(true), CAN_NOTIFY);
	memset(said, 0, sizeof(said));
	assert_true(recv(fd, said, sizeof(said) - 1, MSG_DONTWAIT) > 0);
	assert_string_equal(said, "READY=1");
	temp_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(ready_is_said_and_nothing_else_can_be_made) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
