// SPDX-License-Identifier: Apache-2.0
#include "ring.h"

#include <linux/bpf.h>
#include <stdint.h>
#include <sys/mman.h>

/* Layout: kernel/bpf/ringbuf.c. Page 0 consumer position, page 1 producer position, then the data, mapped twice. */

int ring_open(struct ring *r, int fd, unsigned long size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *consumer, *rest;

	*r = (struct ring){ .fd = fd, .size = size };
	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumer == MAP_FAILED)
		return -errno;
	rest = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (rest == MAP_FAILED) {
		munmap(consumer, page);
		return -errno;
	}
	r->consumer = consumer;
	r->producer = rest;
	r->data = (const unsigned char *)rest + page;
	ring_rewind(r);
	return 0;
}

void ring_close(struct ring *r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!r->consumer)
		return;
	munmap(r->consumer, page);
	munmap((void *)(uintptr_t)r->producer, page + 2 * r->size);
	r->consumer = NULL;
}

static unsigned long footprint(unsigned int length)
{
	return (length + BPF_RINGBUF_HDR_SZ + 7) & ~7ul;
}

const void *ring_next(struct ring *r, size_t *ret_size)
{
	for (;;) {
		unsigned long end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
		const unsigned char *at = r->data + (r->read & (r->size - 1));
		unsigned int length;

		if (r->read >= end)
			return NULL;
		length = __atomic_load_n((const unsigned int *)(const void *)at, __ATOMIC_ACQUIRE);
		if (length & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		r->read += footprint(length & ~BPF_RINGBUF_DISCARD_BIT);
		if (length & BPF_RINGBUF_DISCARD_BIT)
			continue;
		*ret_size = length;
		return at + BPF_RINGBUF_HDR_SZ;
	}
}

void ring_unread(struct ring *r, size_t size)
{
	r->read -= footprint((unsigned int)size);
}

void ring_release(struct ring *r, unsigned long position)
{
	__atomic_store_n(r->consumer, position, __ATOMIC_RELEASE);
}

void ring_rewind(struct ring *r)
{
	r->read = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
}
