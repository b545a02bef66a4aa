// SPDX-License-Identifier: Apache-2.0
/*
 * probe.c - what an agent might do: each verb makes one system call, or a short named sequence, and exits with its errno
 *
 * `probe VERB ARGUMENT...`; 0: the call succeeded. Some verbs run another verb given after their own arguments
 * (`fork VERB...`), so that one can be tried from a thread, a grandchild or a namespace. A verb that cannot even be set
 * up exits with 120 and says why. Static, so that it runs in any root and without opening libraries.
 */
#include "probe/probe.h"

#include <fcntl.h>
#include <string.h>

int broken(const char *what)
{
	fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	return BROKEN;
}

/* Result of a system call as an exit status. */
int result(long r)
{
	return r < 0 ? errno : 0;
}

int result_fd(int fd)
{
	int r = result(fd);

	if (fd >= 0)
		close(fd);
	return r;
}

void nap(void)
{
	usleep(2000);
}

int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0) {
		int r = errno;

		close(fd);
		return r;
	}
	close(fd);
	return 0;
}

/* 0 when the file is there before patience ends. */
int wait_file(const char *path)
{
	for (int i = 0; i < PATIENCE_S * 500; i++) {
		if (access(path, F_OK) == 0)
			return 0;
		nap();
	}
	errno = ETIMEDOUT;
	return broken(path);
}

static int v_nothing(int argc, char **argv) { (void)argc; (void)argv; return 0; }

static int v_pause(int argc, char **argv)
{
	(void)argc, (void)argv;
	alarm(600);
	pause();
	return 0;
}

static const struct verb common_verbs[] = {
	{ "nothing", 0, v_nothing },
	{ "pause", 0, v_pause },
	{ 0 },
};

static const struct verb *const families[] = {
	common_verbs, files_verbs, programs_verbs, net_verbs, machine_verbs, around_verbs,
	async_verbs,  identity_verbs, below_verbs, root_verbs,
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

static const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < FAMILIES; i++)
		for (const struct verb *v = families[i]; v->name; v++)
			if (strcmp(v->name, name) == 0)
				return v;
	return NULL;
}

int verb_run(int argc, char **argv)
{
	const struct verb *v = verb_find(argv[0]);

	if (!v) {
		fprintf(stderr, "probe: no verb '%s'\n", argv[0]);
		return BROKEN;
	}
	if (argc - 1 < v->args) {
		fprintf(stderr, "probe: %s wants %d arguments\n", argv[0], v->args);
		return BROKEN;
	}
	return v->run(argc, argv);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		for (size_t i = 0; i < FAMILIES; i++)
			for (const struct verb *v = families[i]; v->name; v++)
				printf("%s %d\n", v->name, v->args);
		return BROKEN;
	}
	return verb_run(argc - 1, argv + 1);
}
