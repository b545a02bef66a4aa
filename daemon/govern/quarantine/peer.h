/* SPDX-License-Identifier: Apache-2.0 */
/* peer.h - the connection to cvfd-quarantine: one question, one answer, within a time */
#ifndef CVF_QUARANTINE_PEER_H
#define CVF_QUARANTINE_PEER_H

#include <stdint.h>

#include "core/own.h"
#include "cvf/quarantine.h"

struct quarantine_peer {
	char *path;	/* of the socket; malloc'ed */
	int fd;		/* -1: not connected */
	__u64 serial;
	uint64_t silent_until_ns;	/* CLOCK_BOOTTIME: it did not answer: until then nobody waits for it again */
};

int peer_open(struct quarantine_peer *p, const char *folder) must_check;
void peer_close(struct quarantine_peer *p);
/* Connects if need be. -EHOSTDOWN: nobody is there. */
int peer_dial(struct quarantine_peer *p) must_check;
/*
 * Sends a question, connecting first if need be, and waits for its answer: 0 or the answer's error. -EHOSTDOWN: nobody
 * answers, or did not a few seconds ago: a file system that hangs must not stop the governor. After a time-out the connection is closed, which undoes a KEEP that is still under way.
 */
int peer_ask(struct quarantine_peer *p, struct quarantine_ask *ask, struct quarantine_reply *ret_reply) must_check;

#endif
