/* SPDX-License-Identifier: Apache-2.0 */
/* probe.h - what the families of verbs share */
#ifndef PROBE_H
#define PROBE_H

#define _GNU_SOURCE

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#define BROKEN 120	  /* the probe itself could not do it */
#define PATIENCE_S 20	  /* how long servers and waiting verbs wait at most */

struct verb {
	const char *name;	/* NULL: the end of a family */
	int args;
	int (*run)(int argc, char **argv);
};
extern const struct verb files_verbs[], programs_verbs[], net_verbs[], machine_verbs[], around_verbs[];
extern const struct verb async_verbs[], identity_verbs[], below_verbs[], root_verbs[];

int verb_run(int argc, char **argv);
int broken(const char *what);
/* Result of a system call as an exit status. */
int result(long r);
int result_fd(int fd);
void nap(void);
int write_text(const char *path, const char *text);
/* 0 when the file is there before patience ends. */
int wait_file(const char *path);
int wait_child(pid_t child);
/* Letter that /proc shows for the state of a process. */
char state_of(pid_t pid);

struct peer {
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} a;
	socklen_t size;
};
int peer_read(struct peer *p, const char *address, const char *port);

#endif
