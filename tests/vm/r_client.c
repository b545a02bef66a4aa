// SPDX-License-Identifier: Apache-2.0
/*
 * r_client.c - the other side of the robustness tests: one connection to the control socket that answers all that waits
 *
 * Built statically on the host: gcc -O2 -static -o r_client r_client.c. As fast as the API lets it: what limits the tests
 * must be the product, not a new process for each answer.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char reply_text[4 << 20];

static int api_connect(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	return fd;
}

/* Reads one answer with Content-Length into reply_text; its status, or -1. */
static int api_reply(int fd)
{
	size_t have = 0, want = 0;
	char *body;

	for (;;) {
		ssize_t n = read(fd, reply_text + have, sizeof(reply_text) - 1 - have);

		if (n <= 0)
			return -1;
		have += (size_t)n;
		reply_text[have] = 0;
		body = strstr(reply_text, "\r\n\r\n");
		if (body && !want) {
			char *length = strcasestr(reply_text, "content-length:");

			if (!length || length > body)
				return -1;
			want = (size_t)(body + 4 - reply_text) + strtoul(length + 15, NULL, 10);
		}
		if (want && have >= want)
			return atoi(reply_text + 9);
	}
}

static int api_ask(int fd, const char *method, const char *path)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: cvf\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			 method, path, *method == 'P' ? 2 : 0, *method == 'P' ? "{}" : "");

	return write(fd, text, (size_t)n) == n ? api_reply(fd) : -1;
}

/* Next "id" of a list of holds, from *at on. */
static bool next_id(const char **at, char id[64])
{
	const char *p = strstr(*at, "\"id\":");
	size_t n;

	if (!p)
		return false;
	p += 5;
	p += strspn(p, " \"");
	n = strcspn(p, "\"");
	*at = p + n;
	if (n >= 64)
		return false;
	memcpy(id, p, n);
	id[n] = 0;
	return true;
}

/* answer approve|deny N SOCKET: answers whatever waits until N holds were answered or a minute passed without any */
static int cmd_answer(int argc, char **argv)
{
	long want = argc == 3 ? atol(argv[1]) : 0, done = 0, lists = 0;
	int fd = want ? api_connect(argv[2]) : -1, status;
	double last = now_s(), start = last;
	static char list[sizeof(reply_text)];

	if (fd < 0)
		return 1;
	while (done < want && now_s() - last < 60) {
		const char *at = list;
		char id[64], path[128];

		if (api_ask(fd, "GET", "/v1/approvals?state=pending&limit=1000") != 200)
			return printf("answered %ld: the list failed: %.200s\n", done, reply_text), 1;
		lists++;
		memcpy(list, strstr(reply_text, "\r\n\r\n"), strlen(strstr(reply_text, "\r\n\r\n")) + 1);
		while (next_id(&at, id)) {
			snprintf(path, sizeof(path), "/v1/approvals/%s/%s", id, argv[0]);
			status = api_ask(fd, "POST", path);
			if (status == 200) {
				const char *resumed = strstr(reply_text, "\"resumed\":");

				done += resumed ? atol(resumed + 10) : 0;
				last = now_s();
			} else if (status != 409) {
				return printf("answered %ld: %s got %d: %.300s\n", done, path, status, reply_text), 1;
			}
		}
		usleep(2000);
	}
	printf("answered %ld\n", done);
	fprintf(stderr, "answer: %ld lists, %.1f s\n", lists, now_s() - start);
	return done != want;
}

/* get SOCKET PATH: the body of an answer */
static int cmd_get(int argc, char **argv)
{
	int fd = argc == 2 ? api_connect(argv[0]) : -1, status = fd < 0 ? -1 : api_ask(fd, "GET", argv[1]);

	if (status < 0)
		return 1;
	printf("%s\n", strstr(reply_text, "\r\n\r\n") + 4);
	return status != 200;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "answer"))
		return cmd_answer(argc - 2, argv + 2);
	if (argc > 1 && !strcmp(argv[1], "get"))
		return cmd_get(argc - 2, argv + 2);
	fprintf(stderr, "r_client: see r_client.c\n");
	return 2;
}
