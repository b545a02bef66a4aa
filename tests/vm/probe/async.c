// SPDX-License-Identifier: Apache-2.0
/* async.c - what moves data without read and write, and rings that somebody else made */
#include "probe.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define TEXT "probe"
#define TEXT_SIZE (sizeof(TEXT) - 1)

/* A pipe with the text in it; its reading end. */
static int full_pipe(void)
{
	int p[2];

	if (pipe(p) < 0 || write(p[1], TEXT, TEXT_SIZE) < 0)
		return -1;
	close(p[1]);
	return p[0];
}

static int full_memory(void)
{
	int fd = memfd_create("probe", 0);

	if (fd < 0 || write(fd, TEXT, TEXT_SIZE) < 0)
		return -1;
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static long aio_write(int fd)
{
	struct iocb one = { .aio_fildes = (uint32_t)fd, .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_buf = (uint64_t)(uintptr_t)TEXT,
			    .aio_nbytes = TEXT_SIZE };
	struct iocb *list[1] = { &one };
	struct io_event done;
	aio_context_t context = 0;

	if (syscall(SYS_io_setup, 1, &context) < 0 || syscall(SYS_io_submit, context, 1, list) < 0)
		return -1;
	return syscall(SYS_io_getevents, context, 1, 1, &done, NULL) == 1 && done.res >= 0 ? 0 : -1;
}

/* aio-write|splice-write|sendfile-write|map-write FILE, copy-range FILE FROM: each opens FILE for writing first */
static int v_move(int argc, char **argv)
{
	bool maps = strcmp(argv[0], "map-write") == 0;
	int to = open(argv[1], maps ? O_RDWR : O_WRONLY);
	char *p;

	(void)argc;
	if (to < 0)
		return errno;
	if (maps) {
		p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, to, 0);
		if (p == MAP_FAILED || ftruncate(to, (off_t)TEXT_SIZE) < 0)
			return errno;
		memcpy(p, TEXT, TEXT_SIZE);
		return 0;
	}
	if (strcmp(argv[0], "aio-write") == 0)
		return result(aio_write(to));
	if (strcmp(argv[0], "splice-write") == 0)
		return result(splice(full_pipe(), NULL, to, NULL, TEXT_SIZE, 0));
	if (strcmp(argv[0], "sendfile-write") == 0)
		return result(sendfile(to, full_memory(), NULL, TEXT_SIZE));
	return result(copy_file_range(open(argv[2], O_RDONLY), NULL, to, NULL, TEXT_SIZE, 0));
}

/* splice-read|sendfile-read FILE: to standard output */
static int v_take(int argc, char **argv)
{
	int from = open(argv[1], O_RDONLY), p[2];

	(void)argc;
	if (from < 0)
		return errno;
	if (strcmp(argv[0], "sendfile-read") == 0)
		return result(sendfile(1, from, NULL, 4096));
	if (pipe(p) < 0 || splice(from, NULL, p[1], NULL, 4096, 0) < 0)
		return errno;
	return result(splice(p[0], NULL, 1, NULL, 4096, 0));
}

/* ---- rings ---- */

struct ring {
	struct io_uring_params p;
	int fd;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
};

static int ring_map(struct ring *r)
{
	r->sq = mmap(NULL, r->p.sq_off.array + 64, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, r->p.cq_off.cqes + 8 * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		     IORING_OFF_CQ_RING);
	r->sqes = mmap(NULL, 4 * sizeof(*r->sqes), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQES);
	return r->sq == MAP_FAILED || r->cq == MAP_FAILED || r->sqes == MAP_FAILED ? broken("mmap") : 0;
}

static int ring_make(struct ring *r, bool polled)
{
	memset(r, 0, sizeof(*r));
	r->p.flags = polled ? IORING_SETUP_SQPOLL : 0;
	r->p.sq_thread_idle = 50;
	r->fd = (int)syscall(SYS_io_uring_setup, 4, &r->p);
	return r->fd < 0 ? errno : 0;
}

/* Makes PATH by the ring, whoever's thread does it; the completion's errno. */
static int ring_create(struct ring *r, const char *path)
{
	uint32_t *tail = (uint32_t *)(r->sq + r->p.sq_off.tail), *array = (uint32_t *)(r->sq + r->p.sq_off.array);
	struct io_uring_cqe *cqe = (struct io_uring_cqe *)(r->cq + r->p.cq_off.cqes);
	bool polled = r->p.flags & IORING_SETUP_SQPOLL;

	r->sqes[0] = (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uint64_t)(uintptr_t)path,
					    .open_flags = O_WRONLY | O_CREAT, .len = 0644 };
	array[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS | (polled ? IORING_ENTER_SQ_WAKEUP : 0), NULL, 0) < 0)
		return errno;
	return cqe->res < 0 ? -cqe->res : 0;
}

static int v_sqpoll(int argc, char **argv)
{
	struct ring r;
	int error = ring_make(&r, true);

	if (error || argc < 2)
		return error;
	return ring_map(&r) ?: ring_create(&r, argv[1]);
}

/* sqpoll-after FILE PATH: the ring is there before FILE is, and used after */
static int v_sqpoll_after(int argc, char **argv)
{
	char ready[PATH_MAX];
	struct ring r;

	(void)argc;
	if (ring_make(&r, true) || ring_map(&r))
		return broken("io_uring_setup");
	snprintf(ready, sizeof(ready), "%s.waiting", argv[1]);
	write_text(ready, "");
	return wait_file(argv[1]) ? BROKEN : ring_create(&r, argv[2]);
}

/* with-ring PROGRAM ARGUMENT...: standard input of PROGRAM is a ring that we made, and CVF_RING says how it is laid out */
static int v_with_ring(int argc, char **argv)
{
	char text[2 * sizeof(struct io_uring_params) + 1];
	struct ring r;

	(void)argc;
	if (ring_make(&r, false))
		return broken("io_uring_setup");
	for (size_t i = 0; i < sizeof(r.p); i++)
		sprintf(text + 2 * i, "%02x", ((unsigned char *)&r.p)[i]);
	setenv("CVF_RING", text, 1);
	dup2(r.fd, 0);
	return result(execvp(argv[1], argv + 1));
}

static int v_ring_stdin(int argc, char **argv)
{
	const char *text = getenv("CVF_RING");
	struct ring r = { .fd = 0 };
	unsigned int byte;

	(void)argc;
	for (size_t i = 0; text && i < sizeof(r.p) && sscanf(text + 2 * i, "%2x", &byte) == 1; i++)
		((unsigned char *)&r.p)[i] = (unsigned char)byte;
	return text ? ring_map(&r) ?: ring_create(&r, argv[1]) : broken("CVF_RING");
}

const struct verb async_verbs[] = {
	{ "aio-write", 1, v_move },
	{ "splice-write", 1, v_move },
	{ "sendfile-write", 1, v_move },
	{ "copy-range", 2, v_move },
	{ "map-write", 1, v_move },
	{ "splice-read", 1, v_take },
	{ "sendfile-read", 1, v_take },
	{ "sqpoll", 0, v_sqpoll },
	{ "sqpoll-create", 1, v_sqpoll },
	{ "sqpoll-after", 2, v_sqpoll_after },
	{ "with-ring", 1, v_with_ring },
	{ "ring-stdin", 1, v_ring_stdin },
	{ 0 },
};
