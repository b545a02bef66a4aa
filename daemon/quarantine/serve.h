/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the socket of the quarantine: one peer, one ask at a time, answered in order
 *
 * A packet that is not an ask closes the connection and changes nothing.
 */
#ifndef CVF_QUARANTINE_SERVE_H
#define CVF_QUARANTINE_SERVE_H

#include <stdbool.h>
#include <sys/types.h>

#include "../core/own.h"
#include "cvf/quarantine.h"

struct serve {
	int listen_fd;	/* owned */
	int peer_fd;	/* owned; -1: nobody is connected */
	int signal_fd;	/* owned; SIGTERM and SIGINT end serve_run() between two asks */
	uid_t governor;	/* who may connect, beside root */
};

/* path: made anew, the governor's, mode 0600. Blocks SIGTERM and SIGINT. */
int serve_open(struct serve *s, const char *path, uid_t governor) must_check;
void serve_close(struct serve *s);
/* Until a signal asks to end. */
void serve_run(struct serve *s);

/* Is it one ask: size, type, ends of its strings, id? Paths are for who uses them. */
bool serve_is_ask(const struct quarantine_ask *ask, size_t size);

#endif
