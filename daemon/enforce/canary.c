// SPDX-License-Identifier: Apache-2.0
#include "canary.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "../core/log.h"

#define CANARY_DIR "/run/cvf/canary"

/* One operation per hook family; true: refused. */
static bool mkdir_refused(void)
{
	if (mkdir(CANARY_DIR, 0700))
		return errno == EPERM;
	rmdir(CANARY_DIR);
	return false;
}

static bool open_refused(void)
{
	own_fd int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return fd < 0 && errno == EPERM;
}

static bool exec_refused(void)
{
	char *const args[] = { (char *)(uintptr_t)"true", NULL };

	/* Opening for exec is not judged, the image is: a success would replace this process, which is a missing answer. */
	execv("/proc/self/exe", args);
	return errno == EPERM;
}

static bool connect_refused(void)
{
	struct sockaddr_in discard = { .sin_family = AF_INET, .sin_port = htons(9) };
	own_fd int fd = -1;

	discard.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* UDP to loopback: connecting sends nothing. */
	return fd >= 0 && connect(fd, (struct sockaddr *)&discard, sizeof(discard)) && errno == EPERM;
}

static const struct {
	const char *name;
	bool (*refused)(void);
} trials[] = {
	{ "mkdir", mkdir_refused },
	{ "open", open_refused },
	{ "connect", connect_refused },
	{ "exec", exec_refused },
};

static _Noreturn void sing(int fd)
{
	char c;

	while (read(fd, &c, 1) == 1) {
		char answer = 0;

		/* exec comes last, and not after a miss: let through it would be the end of the canary, and of every later answer. */
		for (size_t i = 0; i < ARRAY_SIZE(trials) && !answer; i++)
			if (!trials[i].refused())
				answer = (char)(i + 1);
		if (write(fd, &answer, 1) != 1)
			break;
	}
	_exit(0);
}

int canary_start(struct canary *c, struct maps *maps)
{
	struct timeval patience = { .tv_sec = 5 };
	struct cvf_enrol what = { .agent = CVF_AGENT_CANARY, .flags = CVF_LABEL_CANARY };
	int pair[2], r;

	*c = (struct canary){ .fd = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	c->pid = fork();
	r = c->pid < 0 ? -errno : 0;
	if (!c->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "cvfd-canary");
		close(pair[0]);
		sing(pair[1]);
	}
	close(pair[1]);
	c->fd = pair[0];
	if (r < 0)
		return r;
	if (setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		return -errno;
	what.tgid = (uint32_t)c->pid;
	r = maps_enrol(maps, &what, &what);
	if (r < 0)
		return r;
	return what.count ? 0 : -EIO;
}

void canary_stop(struct canary *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

int canary_try(struct canary *c)
{
	char byte = 1;
	ssize_t n;

	if (c->fd < 0 || send(c->fd, &byte, 1, MSG_NOSIGNAL) != 1)
		return -EPIPE;
	n = read(c->fd, &byte, 1);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (!n)
		return -EPIPE;
	if (byte != c->missed && byte > 0 && (size_t)byte <= ARRAY_SIZE(trials))
		log_error("the canary's %s was not refused by these programs: something else lets it pass, or fails it before "
			  "they see it", trials[byte - 1].name);
	c->missed = byte;
	return byte ? -EIO : 0;
}
