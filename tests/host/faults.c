// SPDX-License-Identifier: Apache-2.0
/*
 * faults.c - LD_PRELOAD: a disk that fails when it is told to, and a wall clock that jumps
 *
 * What is to fail stands in a file that $CVF_FAULTS names; it is mapped, so that a test changes it while the program runs
 * (govern_faults.py writes it). Only files whose path ends in `match` are touched; an empty one means none.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, READ = 4, OPEN = 8, SHORT = 16, TORN = 32 };

struct faults {
	volatile uint32_t kinds;	/* which calls fail; SHORT: a write is cut in half; TORN: and what should finish it fails */
	volatile uint32_t skip;		/* of them, so many succeed first */
	volatile uint32_t count;	/* then so many fail */
	volatile uint32_t error;	/* with this errno */
	volatile uint32_t hits;		/* so many have failed */
	volatile uint32_t reserved;
	volatile int64_t clock_ns;	/* added to the wall clock */
	char match[64];
};

static struct faults *faults;

__attribute__((constructor)) static void open_faults(void)
{
	const char *path = getenv("CVF_FAULTS");
	int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map != MAP_FAILED)
		faults = map;
}

static int is_match(const char *path)
{
	size_t n = strlen(path), m = strnlen(faults->match, sizeof(faults->match));

	return m && n >= m && memcmp(path + n - m, faults->match, m) == 0;
}

static int is_file(int fd)
{
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return 0;
	path[n] = 0;
	return is_match(path);
}

static int fails(uint32_t kind, int fd, const char *path)
{
	if (!faults || !(faults->kinds & kind) || !(path ? is_match(path) : is_file(fd)))
		return 0;
	if (faults->skip) {
		faults->skip--;
		return 0;
	}
	if (!faults->count)
		return 0;
	if (faults->count != UINT32_MAX)
		faults->count--;
	faults->hits++;
	errno = (int)faults->error;
	return 1;
}

/* How much of a write of n bytes is tried; 0: it fails. */
static size_t room_for(int fd, size_t n)
{
	static int is_torn;

	if (fails(WRITE, fd, NULL))
		return 0;
	if (is_torn && faults->kinds & TORN && is_file(fd)) {
		is_torn = 0;
		errno = (int)faults->error;
		return 0;
	}
	is_torn = n > 1 && fails(TORN, fd, NULL);
	return is_torn || (n > 1 && fails(SHORT, fd, NULL)) ? n / 2 : n;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRAP_WRITE(name)                                                   \
	ssize_t name(int fd, const void *p, size_t n, off_t at)            \
	{                                                                  \
		static ssize_t (*next)(int, const void *, size_t, off_t);  \
		if (!next)                                                 \
			next = NEXT(name);                                 \
		size_t room = n ? room_for(fd, n) : 0;                     \
		return n && !room ? -1 : next(fd, p, room, at);            \
	}
WRAP_WRITE(pwrite)
WRAP_WRITE(pwrite64)

ssize_t write(int fd, const void *p, size_t n)
{
	static ssize_t (*next)(int, const void *, size_t);
	size_t room;

	if (!next)
		next = NEXT(write);
	room = n ? room_for(fd, n) : 0;
	return n && !room ? -1 : next(fd, p, room);
}

#define WRAP_READ(name)                                                   \
	ssize_t name(int fd, void *p, size_t n, off_t at)                 \
	{                                                                 \
		static ssize_t (*next)(int, void *, size_t, off_t);       \
		if (!next)                                                \
			next = NEXT(name);                                \
		return fails(READ, fd, NULL) ? -1 : next(fd, p, n, at);   \
	}
WRAP_READ(pread)
WRAP_READ(pread64)

#define WRAP_SYNC(name)                                      \
	int name(int fd)                                     \
	{                                                    \
		static int (*next)(int);                     \
		if (!next)                                   \
			next = NEXT(name);                   \
		return fails(SYNC, fd, NULL) ? -1 : next(fd); \
	}
WRAP_SYNC(fsync)
WRAP_SYNC(fdatasync)

#define WRAP_OPEN(name)                                                                \
	int name(const char *path, int flags, ...)                                     \
	{                                                                              \
		static int (*next)(const char *, int, ...);                            \
		va_list args;                                                          \
		mode_t mode;                                                           \
		va_start(args, flags);                                                 \
		mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;                     \
		va_end(args);                                                          \
		if (!next)                                                             \
			next = NEXT(name);                                             \
		return (flags & O_ACCMODE) != O_RDONLY && fails(OPEN, -1, path) ? -1 : next(path, flags, mode); \
	}
WRAP_OPEN(open)
WRAP_OPEN(open64)

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	static int (*next)(clockid_t, struct timespec *);
	int64_t ns;
	int r;

	if (!next)
		next = NEXT(clock_gettime);
	r = next(clock, ts);
	if (r == 0 && clock == CLOCK_REALTIME && faults && faults->clock_ns) {
		ns = (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec + faults->clock_ns;
		ts->tv_sec = ns / 1000000000;
		ts->tv_nsec = ns % 1000000000;
	}
	return r;
}

time_t time(time_t *to)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (to)
		*to = ts.tv_sec;
	return ts.tv_sec;
}
