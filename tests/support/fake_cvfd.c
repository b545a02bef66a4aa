// SPDX-License-Identifier: Apache-2.0
/*
 * fake_cvfd.c - fake_cvfd SOCKET: the fake enforcer as a program, driven by lines on standard input (see fake_script.c)
 */
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

static struct fake fake;

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* false: end of input or quit. */
static bool read_lines(void)
{
	static char buffer[1 << 16];
	static size_t have;
	ssize_t n = read(STDIN_FILENO, buffer + have, sizeof(buffer) - 1 - have);
	char *end;

	if (n <= 0)
		return false;
	have += (size_t)n;
	buffer[have] = 0;
	while ((end = memchr(buffer, '\n', have))) {
		size_t line = (size_t)(end - buffer) + 1;

		*end = 0;
		if (!fake_line(&fake, buffer))
			return false;
		memmove(buffer, buffer + line, have - line);
		have -= line;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct pollfd v[3] = { { STDIN_FILENO, POLLIN, 0 }, { 0, POLLIN, 0 }, { 0, POLLIN, 0 } };

	if (argc != 2 || fake_listen(&fake, argv[1]) < 0) {
		fprintf(stderr, "usage: fake_cvfd SOCKET\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	fake.attached_ns = 1;
	say("listening");
	for (;;) {
		v[1].fd = fake.listen_fd;
		v[2].fd = fake.peer_fd;
		if (poll(v, 3, -1) < 0)
			return 1;
		if (v[1].revents)
			fake_on_connect(&fake);
		else if (fake.peer_fd >= 0 && v[2].revents)
			fake_on_peer(&fake);
		if (v[0].revents && !read_lines())
			return 0;
	}
}
