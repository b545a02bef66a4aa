// SPDX-License-Identifier: Apache-2.0
/*
 * test_enforce_ring.c - the reader of BPF rings on a ring made of a memory file: order, holes, release, rewind
 *
 * The layout is the kernel's (kernel/bpf/ringbuf.c): the test writes records as the kernel would. To add a case: put()
 * records, then say what ring_next() must give.
 */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "enforce/ring.h"

#define SIZE 4096ul

struct fixture {
	struct ring ring;
	int fd;
	unsigned char *file;	/* consumer page, producer page, data */
	unsigned long produced;
};

static int setup(void **state)
{
	static struct fixture f;
	unsigned char *rest;

	f = (struct fixture){ .fd = memfd_create("ring", MFD_CLOEXEC) };
	assert_int_equal(ftruncate(f.fd, 4 * (off_t)SIZE), 0);
	f.file = mmap(NULL, 3 * SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f.fd, 0);
	assert_ptr_not_equal(f.file, MAP_FAILED);
	/* The kernel maps the data twice; a file cannot, so the second half is mapped over what ring_open() got. */
	assert_int_equal(ring_open(&f.ring, f.fd, SIZE), 0);
	rest = mmap((void *)(uintptr_t)(f.ring.data + SIZE), SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, f.fd, 2 * (off_t)SIZE);
	assert_ptr_not_equal(rest, MAP_FAILED);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ring_close(&f->ring);
	munmap(f->file, 3 * SIZE);
	close(f->fd);
	return 0;
}

/* Writes one record of length bytes, all of value; flags are the header's. */
static void put(struct fixture *f, unsigned int length, unsigned char value, unsigned int flags)
{
	unsigned char *data = f->file + 2 * SIZE;
	unsigned int head[2] = { length | flags, 0 };

	for (unsigned int i = 0; i < 8; i++)
		data[(f->produced + i) % SIZE] = ((unsigned char *)head)[i];
	for (unsigned int i = 0; i < length; i++)
		data[(f->produced + 8 + i) % SIZE] = value;
	f->produced += (length + 8 + 7) & ~7ul;
	memcpy(f->file + SIZE, &f->produced, sizeof(f->produced));
}

static unsigned long consumer(const struct fixture *f)
{
	unsigned long position;

	memcpy(&position, f->file, sizeof(position));
	return position;
}

static void expect(struct fixture *f, unsigned int length, unsigned char value)
{
	size_t size = 0;
	const unsigned char *record = ring_next(&f->ring, &size);

	assert_non_null(record);
	assert_int_equal(size, length);
	for (unsigned int i = 0; i < length; i++)
		assert_int_equal(record[i], value);
}

static void reads_in_order_and_frees_nothing(void **state)
{
	struct fixture *f = *state;
	size_t size;

	put(f, 5, 1, 0);
	put(f, 16, 2, 0);
	expect(f, 5, 1);
	expect(f, 16, 2);
	assert_null(ring_next(&f->ring, &size));
	assert_int_equal(consumer(f), 0);
}

static void a_busy_record_stops_and_a_discarded_one_is_passed(void **state)
{
	struct fixture *f = *state;
	size_t size;

	put(f, 8, 1, BPF_RINGBUF_DISCARD_BIT);
	put(f, 8, 2, 0);
	put(f, 8, 3, BPF_RINGBUF_BUSY_BIT);
	expect(f, 8, 2);
	assert_null(ring_next(&f->ring, &size));
}

static void what_was_not_released_is_read_again(void **state)
{
	struct fixture *f = *state;
	unsigned long first;

	put(f, 8, 1, 0);
	put(f, 8, 2, 0);
	expect(f, 8, 1);
	first = f->ring.read;
	expect(f, 8, 2);
	ring_release(&f->ring, first);
	assert_int_equal(consumer(f), first);
	ring_rewind(&f->ring);
	expect(f, 8, 2);
}

static void unread_gives_the_same_record(void **state)
{
	struct fixture *f = *state;

	put(f, 20, 7, 0);
	expect(f, 20, 7);
	ring_unread(&f->ring, 20);
	expect(f, 20, 7);
}

static void records_wrap_around_the_end(void **state)
{
	struct fixture *f = *state;

	for (unsigned char i = 1; i < 20; i++) {
		put(f, 1000, i, 0);
		expect(f, 1000, i);
		ring_release(&f->ring, f->ring.read);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_in_order_and_frees_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_busy_record_stops_and_a_discarded_one_is_passed, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_not_released_is_read_again, setup, teardown),
		cmocka_unit_test_setup_teardown(unread_gives_the_same_record, setup, teardown),
		cmocka_unit_test_setup_teardown(records_wrap_around_the_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
