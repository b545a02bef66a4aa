// SPDX-License-Identifier: Apache-2.0
/* sink.c - see sink.h */
#include "sink.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "core/log.h"

#define FILE_BYTES_MAX (8u << 20)	/* then it becomes NAME.old; about 25,000 heads */
#define TAIL_BYTES 4096
#define MESSAGE_BYTES 2048

static char *path_of(struct governor *g, const char *suffix)
{
	char *path;

	return asprintf(&path, "%s/" SINK_FILE "%s", g->places.state, suffix) < 0 ? NULL : path;
}

static void set_aside(struct governor *g, const char *path, int fd)
{
	own_free char *old = path_of(g, ".old");
	struct stat st;

	if (old && fstat(fd, &st) == 0 && st.st_size > FILE_BYTES_MAX && rename(path, old) < 0)
		log_warning("%s cannot be set aside: %s", path, strerror(errno));
}

/* Whole or not at all: half a line would make the next one unreadable as well. */
static int write_line(int fd, const char *line, size_t n)
{
	struct stat before;
	ssize_t written;
	int error = ENOSPC;

	if (fstat(fd, &before) < 0)
		return -errno;
	written = write(fd, line, n);
	if (written == (ssize_t)n)
		return 0;
	if (written < 0)
		error = errno;
	else if (ftruncate(fd, before.st_size) < 0)
		error = errno;
	return -error;
}

static void append(struct governor *g, const char *json)
{
	own_free char *path = path_of(g, ""), *line = NULL;
	own_fd int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	int n = asprintf(&line, "%s\n", json);
	int r = fd < 0 || n < 0 ? -errno : write_line(fd, line, (size_t)n);

	if (r < 0)
		log_warning("a head of the audit trail cannot be copied to " SINK_FILE ": %s", strerror(-r));
	else
		set_aside(g, path, fd);
}

/* The native protocol of journald: sd_journal_send() would wait while the journal is full. */
static void tell_journal(struct governor *g, const struct head *h, const char *json)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	own_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char message[MESSAGE_BYTES];
	int n = snprintf(message, sizeof(message),
			 "MESSAGE=audit trail: %llu entries are signed for\nPRIORITY=6\nSYSLOG_IDENTIFIER=cvfd-govern\nCVF_HEAD=%s\n",
			 (unsigned long long)h->size, json);

	if (fd < 0 || n < 0 || (size_t)n >= sizeof(message) || strlen(g->places.journal) >= sizeof(to.sun_path))
		return;
	strcpy(to.sun_path, g->places.journal);
	if (sendto(fd, message, (size_t)n, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof(to)) < 0)
		log_debug("the journal did not take a head of the audit trail: %s", strerror(errno));
}

void sink_put(struct governor *g, const struct head *h)
{
	json_t *view = head_view(h);
	own_free char *json = json_dumps(view, JSON_COMPACT);

	json_decref(view);
	if (!json)
		return;
	append(g, json);
	tell_journal(g, h, json);
}

int sink_last(struct governor *g, struct head *ret_head)
{
	own_free char *path = path_of(g, "");
	own_file FILE *in = path ? fopen(path, "re") : NULL;
	char line[TAIL_BYTES];
	struct head h;
	int found = 0;

	if (!in)
		return path ? 0 : -ENOMEM;
	if (fseek(in, -TAIL_BYTES, SEEK_END) == 0)
		(void)!fgets(line, sizeof(line), in); /* its beginning is cut */
	while (fgets(line, sizeof(line), in)) {
		json_t *one = json_loads(line, 0, NULL);

		if (one && head_read(one, &h) && head_is_signed(&h)) {
			*ret_head = h;
			found = 1;
		}
		json_decref(one);
	}
	return found;
}
