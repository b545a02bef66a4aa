// SPDX-License-Identifier: Apache-2.0
/*
 * hold.c - what it takes from an operation that is held to its going on: both ends of it
 *
 *   hold wait FOLDER COUNT    so many processes that open a file each, and wait; ends when all may go on
 *   hold ask FILE COUNT       opens it so often, one after the other; prints how long each took
 *   hold now                  the clock
 *   hold answer SOCKET AGENT  approves what that agent asks, as the stream of questions says it
 *
 * Callers: holds.sh, work.sh, in the machine.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int cmd_wait(const char *folder, const char *count)
{
	char path[256];

	for (int i = 0; i < atoi(count); i++) {
		if (fork())
			continue;
		snprintf(path, sizeof(path), "%s/%d", folder, i);
		_exit(open(path, O_RDONLY) < 0);
	}
	while (wait(NULL) > 0)
		continue;
	return 0;
}

static int cmd_ask(const char *path, const char *count)
{
	for (int i = 0; i < atoi(count); i++) {
		long long start = now();
		int fd = open(path, O_RDONLY);

		if (fd < 0) {
			perror(path);
			return 1;
		}
		close(fd);
		printf("%lld\n", now() - start);
	}
	return 0;
}

static int dial(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	return connect(fd, (struct sockaddr *)&at, sizeof(at)) ? -1 : fd;
}

static int approve(int fd, const char *id)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "POST /v1/approvals/%s/approve HTTP/1.1\r\nHost: cvf\r\nContent-Type: application/json\r\n"
			 "Content-Length: 2\r\n\r\n{}", id);

	if (write(fd, text, (size_t)n) != n)
		return -1;
	n = (int)read(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = 0;
	if (strncmp(text + 9, "200", 3)) {
		fprintf(stderr, "approve %s: %s\n", id, text);
		return -1;
	}
	/* The rest of the answer is not of interest. */
	while (n > 0 && !strstr(text, "}"))
		n = (int)read(fd, text, sizeof(text) - 1);
	while (recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0)
		continue;
	return 0;
}

/* A message of the stream: a question that waits is approved. */
static void look(int fd, const char *line)
{
	const char *id = strstr(line, "\"id\":\"");
	char text[64];

	if (!id || !strstr(line, "\"state\":\"pending\""))
		return;
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(id + 6, "\""), id + 6);
	approve(fd, text);
}

static int cmd_answer(const char *socket_path, const char *agent)
{
	int stream = dial(socket_path), fd = dial(socket_path);
	char *line = NULL;
	size_t room = 0;
	FILE *in;

	if (stream < 0 || fd < 0 || dprintf(stream, "GET /v1/approvals/stream?agent=%s HTTP/1.1\r\nHost: cvf\r\n\r\n", agent) < 0) {
		perror(socket_path);
		return 1;
	}
	in = fdopen(stream, "r");
	while (getline(&line, &room, in) > 0) {
		if (!strncmp(line, "HTTP/", 5)) {
			printf("%s", line);
			fflush(stdout);
		}
		if (!strncmp(line, "data:", 5))
			look(fd, line);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "now"))
		return printf("%lld\n", now()) < 0;
	if (argc == 4 && !strcmp(argv[1], "wait"))
		return cmd_wait(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "ask"))
		return cmd_ask(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "answer"))
		return cmd_answer(argv[2], argv[3]);
	fprintf(stderr, "hold: see hold.c\n");
	return 2;
}
