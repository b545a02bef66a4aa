/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring.h - reads a BPF ring buffer without giving up what was read
 *
 * libbpf's reader frees a record as soon as its callback returns. Here records stay in the ring until the governor has made
 * them durable, so that neither process's death loses one; a ring that fills meanwhile is a counted loss.
 */
#ifndef CVF_RING_H
#define CVF_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "../core/own.h"

struct ring {
	int fd;				/* borrowed */
	unsigned long *consumer;	/* mapped: what is free for the kernel */
	const unsigned long *producer;
	const unsigned char *data;	/* mapped twice in a row */
	unsigned long size;
	unsigned long read;		/* how far this process read; >= *consumer */
};

int ring_open(struct ring *r, int fd, unsigned long size) must_check;
void ring_close(struct ring *r);
/* The next complete record after those read; NULL: none now. Valid until ring_release() passes it. */
const void *ring_next(struct ring *r, size_t *ret_size);
/* Puts back what ring_next() returned last. */
void ring_unread(struct ring *r, size_t size);
/* Everything up to a position (r->read of then) is the kernel's again. */
void ring_release(struct ring *r, unsigned long position);
/* Start again at the first record not released. */
void ring_rewind(struct ring *r);

#endif
