// SPDX-License-Identifier: Apache-2.0
/*
 * nth.c - LD_PRELOAD: the n-th allocation or system call of a program fails, and others after it if that is wanted
 *
 * $CVF_NTH names a file of struct nth; it is mapped, so that a test arms, counts and disarms while the program runs (nth.py).
 * Counting begins with main(); with $CVF_NTH_FOR only in the program of that name, not in those that it starts. What failed, and from where it was called, is left in the file. A program without that variable,
 * and every process that it starts, is left alone.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ALLOCATION = 1, CALL = 2 };
enum { DEPTH = 24, STACKS = 1 << 16 };

struct nth {
	volatile uint32_t kinds;	/* what is counted and fails; 0: nothing */
	volatile uint32_t is_listing;	/* which stacks there are is written down, and nothing fails */
	volatile uint64_t seen;		/* of them, so many came */
	volatile uint64_t from;		/* the first that fails, from 1 on; 0: none */
	volatile uint64_t count;	/* so many fail */
	volatile uint64_t hits;		/* so many have failed */
	char name[32];			/* the first of them */
	uint64_t base;			/* where the program lies, and from where it was called */
	uint64_t stack[DEPTH];
	volatile uint32_t is_main;	/* main() has begun */
	volatile uint32_t stacks;	/* listing: so many differ; firsts[] is when each was first seen */
	uint64_t firsts[STACKS];
	uint64_t known[STACKS];
};

static struct nth *nth;
static pid_t owner;
static _Thread_local bool is_inside;
static int (*real_main)(int, char **, char **);

__attribute__((constructor)) static void open_nth(void)
{
	const char *path = getenv("CVF_NTH"), *only = getenv("CVF_NTH_FOR");
	bool is_meant = path && (!only || !strcmp(only, program_invocation_short_name));
	int fd = is_meant ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
	void *map = fd < 0 ? MAP_FAILED : (void *)syscall(SYS_mmap, NULL, sizeof(*nth), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	void *warm[2];

	if (fd >= 0)
		syscall(SYS_close, fd);
	if (map == MAP_FAILED)
		return;
	backtrace(warm, 2); /* loads what it needs, once */
	owner = (pid_t)syscall(SYS_getpid);
	nth = map;
	nth->is_main = 0;
	nth->seen = 0;
	nth->hits = 0;
}

/* The number of a stack is a hash of its addresses, less where the program lies: alike in every run. */
static uint64_t hash_of(void *const *stack, int n)
{
	uint64_t h = 1469598103934665603u;

	for (int i = 2; i < n; i++)
		h = (h ^ (uint64_t)(uintptr_t)stack[i]) * 1099511628211u;
	return h | 1;
}

static void list(uint64_t number)
{
	void *stack[DEPTH];
	uint64_t h = hash_of(stack, backtrace(stack, DEPTH));
	size_t at = h % STACKS;

	while (nth->known[at] && nth->known[at] != h)
		at = (at + 1) % STACKS;
	if (nth->known[at] || nth->stacks >= STACKS / 2)
		return;
	nth->known[at] = h;
	nth->firsts[nth->stacks++] = number;
}

static void leave_trace(const char *name)
{
	void *stack[DEPTH] = { 0 };
	Dl_info program;

	backtrace(stack, DEPTH);
	if (dladdr((void *)(uintptr_t)real_main, &program))
		nth->base = (uint64_t)(uintptr_t)program.dli_fbase;
	for (int i = 0; i < DEPTH; i++)
		nth->stack[i] = (uint64_t)(uintptr_t)stack[i];
	strncpy(nth->name, name, sizeof(nth->name) - 1);
}

/* The only question: does this one fail? errno is set if it does. */
static bool fails(uint32_t kind, const char *name, int error)
{
	uint64_t number;
	bool is_hit = false;

	if (!nth || is_inside || !(nth->kinds & kind) || !nth->is_main)
		return false;
	is_inside = true;
	number = ++nth->seen;
	if (nth->is_listing)
		list(number);
	else if (nth->from && number >= nth->from && number - nth->from < nth->count && (pid_t)syscall(SYS_getpid) == owner) {
		if (!nth->hits++)
			leave_trace(name);
		errno = error;
		is_hit = true;
	}
	is_inside = false;
	return is_hit;
}

/* --- memory -------------------------------------------------------------------- */

/* dlsym() allocates before the allocator is known. */
static char early[1 << 14];
static size_t early_used;

static bool is_early(const void *p)
{
	return (const char *)p >= early && (const char *)p < early + sizeof(early);
}

static void *take_early(size_t n)
{
	void *p = early + early_used;

	early_used += (n + 15) & ~(size_t)15;
	return early_used <= sizeof(early) ? p : NULL;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void *malloc(size_t n)
{
	static __typeof__(&malloc) next;

	if (!next)
		next = NEXT(malloc);
	return fails(ALLOCATION, "malloc", ENOMEM) ? NULL : next(n);
}

void *calloc(size_t a, size_t b)
{
	static __typeof__(&calloc) next;
	static bool is_looking;

	if (!next) {
		if (is_looking)
			return take_early(a * b);
		is_looking = true;
		next = NEXT(calloc);
	}
	return fails(ALLOCATION, "calloc", ENOMEM) ? NULL : next(a, b);
}

void *realloc(void *p, size_t n)
{
	static __typeof__(&realloc) next;

	if (!next)
		next = NEXT(realloc);
	return fails(ALLOCATION, "realloc", ENOMEM) ? NULL : next(p, n);
}

void free(void *p)
{
	static __typeof__(&free) next;

	if (!next)
		next = NEXT(free);
	if (!is_early(p))
		next(p);
}

int posix_memalign(void **to, size_t align, size_t n)
{
	static __typeof__(&posix_memalign) next;

	if (!next)
		next = NEXT(posix_memalign);
	return fails(ALLOCATION, "posix_memalign", errno) ? ENOMEM : next(to, align, n);
}

/* --- system calls -------------------------------------------------------------- */

#define WRAP(type, bad, error, name, parameters, ...)                        \
	type name parameters                                                 \
	{                                                                    \
		static __typeof__(&name) next;                               \
		if (!next)                                                   \
			next = NEXT(name);                                   \
		return fails(CALL, #name, error) ? bad : next(__VA_ARGS__);  \
	}

WRAP(int, -1, EMFILE, socket, (int a, int b, int c), a, b, c)
WRAP(int, -1, EMFILE, socketpair, (int a, int b, int c, int d[2]), a, b, c, d)
WRAP(int, -1, EMFILE, accept4, (int a, struct sockaddr *b, socklen_t *c, int d), a, b, c, d)
WRAP(int, -1, EMFILE, accept, (int a, struct sockaddr *b, socklen_t *c), a, b, c)
WRAP(int, -1, EADDRINUSE, bind, (int a, const struct sockaddr *b, socklen_t c), a, b, c)
WRAP(int, -1, EADDRINUSE, listen, (int a, int b), a, b)
WRAP(int, -1, ECONNREFUSED, connect, (int a, const struct sockaddr *b, socklen_t c), a, b, c)
WRAP(int, -1, ENOBUFS, setsockopt, (int a, int b, int c, const void *d, socklen_t e), a, b, c, d, e)
WRAP(int, -1, ENOBUFS, getsockopt, (int a, int b, int c, void *d, socklen_t *e), a, b, c, d, e)
WRAP(ssize_t, -1, ENOBUFS, send, (int a, const void *b, size_t c, int d), a, b, c, d)
WRAP(ssize_t, -1, ENOBUFS, sendto, (int a, const void *b, size_t c, int d, const struct sockaddr *e, socklen_t f), a, b, c, d, e, f)
WRAP(ssize_t, -1, ENOBUFS, sendmsg, (int a, const struct msghdr *b, int c), a, b, c)
WRAP(ssize_t, -1, ENOMEM, recv, (int a, void *b, size_t c, int d), a, b, c, d)
WRAP(ssize_t, -1, ENOMEM, recvmsg, (int a, struct msghdr *b, int c), a, b, c)
WRAP(ssize_t, -1, EIO, read, (int a, void *b, size_t c), a, b, c)
WRAP(ssize_t, -1, EIO, pread, (int a, void *b, size_t c, off_t d), a, b, c, d)
WRAP(ssize_t, -1, EIO, pread64, (int a, void *b, size_t c, off_t d), a, b, c, d)
WRAP(ssize_t, -1, ENOSPC, pwrite, (int a, const void *b, size_t c, off_t d), a, b, c, d)
WRAP(ssize_t, -1, ENOSPC, pwrite64, (int a, const void *b, size_t c, off_t d), a, b, c, d)
WRAP(int, -1, EIO, fsync, (int a), a)
WRAP(int, -1, EIO, fdatasync, (int a), a)
WRAP(int, -1, ENOSPC, ftruncate, (int a, off_t b), a, b)
WRAP(int, -1, ENOSPC, ftruncate64, (int a, off_t b), a, b)
WRAP(int, -1, EIO, fstat, (int a, struct stat *b), a, b)
WRAP(int, -1, EIO, stat, (const char *a, struct stat *b), a, b)
WRAP(int, -1, EIO, lstat, (const char *a, struct stat *b), a, b)
WRAP(int, -1, EACCES, access, (const char *a, int b), a, b)
WRAP(int, -1, ENOSPC, mkdir, (const char *a, mode_t b), a, b)
WRAP(int, -1, EPERM, chmod, (const char *a, mode_t b), a, b)
WRAP(int, -1, EPERM, chown, (const char *a, uid_t b, gid_t c), a, b, c)
WRAP(int, -1, EPERM, fchmod, (int a, mode_t b), a, b)
WRAP(int, -1, EIO, unlink, (const char *a), a)
WRAP(int, -1, EIO, rmdir, (const char *a), a)
WRAP(int, -1, ENOSPC, rename, (const char *a, const char *b), a, b)
WRAP(int, -1, ENOSPC, renameat2, (int a, const char *b, int c, const char *d, unsigned int e), a, b, c, d, e)
WRAP(int, -1, ENOLCK, flock, (int a, int b), a, b)
WRAP(FILE *, NULL, EMFILE, fopen, (const char *a, const char *b), a, b)
WRAP(FILE *, NULL, EMFILE, fopen64, (const char *a, const char *b), a, b)
WRAP(FILE *, NULL, ENOMEM, fdopen, (int a, const char *b), a, b)
WRAP(DIR *, NULL, EMFILE, opendir, (const char *a), a)
WRAP(int, -1, EMFILE, scandir, (const char *a, struct dirent ***b, int (*c)(const struct dirent *), int (*d)(const struct dirent **, const struct dirent **)), a, b, c, d)
WRAP(int, -1, EMFILE, epoll_create1, (int a), a)
WRAP(int, -1, EINTR, epoll_wait, (int a, struct epoll_event *b, int c, int d), a, b, c, d)
WRAP(int, -1, EINTR, poll, (struct pollfd *a, nfds_t b, int c), a, b, c)
WRAP(int, -1, EMFILE, timerfd_create, (int a, int b), a, b)
WRAP(int, -1, ENOMEM, timerfd_settime, (int a, int b, const struct itimerspec *c, struct itimerspec *d), a, b, c, d)
WRAP(int, -1, EMFILE, signalfd, (int a, const sigset_t *b, int c), a, b, c)
WRAP(int, -1, EMFILE, memfd_create, (const char *a, unsigned int b), a, b)
WRAP(void *, MAP_FAILED, ENOMEM, mmap, (void *a, size_t b, int c, int d, int e, off_t f), a, b, c, d, e, f)
WRAP(void *, MAP_FAILED, ENOMEM, mmap64, (void *a, size_t b, int c, int d, int e, off_t f), a, b, c, d, e, f)
WRAP(pid_t, -1, EAGAIN, fork, (void))

int epoll_ctl(int fd, int what, int of, struct epoll_event *event)
{
	static __typeof__(&epoll_ctl) next;

	if (!next)
		next = NEXT(epoll_ctl);
	return what != EPOLL_CTL_DEL && fails(CALL, "epoll_ctl", ENOMEM) ? -1 : next(fd, what, of, event);
}

/* What it has to say must be heard. */
ssize_t write(int fd, const void *p, size_t n)
{
	static __typeof__(&write) next;

	if (!next)
		next = NEXT(write);
	return fd != STDERR_FILENO && fails(CALL, "write", ENOSPC) ? -1 : next(fd, p, n);
}

#define WRAP_OPEN(name)                                                       \
	int name(const char *path, int flags, ...)                            \
	{                                                                     \
		static int (*next)(const char *, int, ...);                   \
		va_list args;                                                 \
		mode_t mode;                                                  \
		va_start(args, flags);                                        \
		mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0; \
		va_end(args);                                                 \
		if (!next)                                                    \
			next = NEXT(name);                                    \
		return fails(CALL, #name, EMFILE) ? -1 : next(path, flags, mode); \
	}
WRAP_OPEN(open)
WRAP_OPEN(open64)

#define WRAP_OPENAT(name)                                                     \
	int name(int at, const char *path, int flags, ...)                    \
	{                                                                     \
		static int (*next)(int, const char *, int, ...);              \
		va_list args;                                                 \
		mode_t mode;                                                  \
		va_start(args, flags);                                        \
		mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0; \
		va_end(args);                                                 \
		if (!next)                                                    \
			next = NEXT(name);                                    \
		return fails(CALL, #name, EMFILE) ? -1 : next(at, path, flags, mode); \
	}
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

/* Giving back does not fail: locks, descriptors, what epoll watches (and the HTTP library ends the process if it does). */
static bool is_unlock(int command, const void *arg)
{
	return (command == F_SETLK || command == F_OFD_SETLK) && ((const struct flock *)arg)->l_type == F_UNLCK;
}

#define WRAP_FCNTL(name)                                                     \
	int name(int fd, int command, ...)                                    \
	{                                                                     \
		static int (*next)(int, int, ...);                            \
		va_list args;                                                 \
		void *arg;                                                    \
		va_start(args, command);                                      \
		arg = va_arg(args, void *);                                   \
		va_end(args);                                                 \
		if (!next)                                                    \
			next = NEXT(name);                                    \
		return !is_unlock(command, arg) && fails(CALL, #name, ENOLCK) ? -1 : next(fd, command, arg); \
	}
WRAP_FCNTL(fcntl)
WRAP_FCNTL(fcntl64)

/* bpf(), pidfd_*() and what else has no wrapper; all six arguments go on, as syscall(2) itself takes them. */
long syscall(long number, ...)
{
	static long (*next)(long, ...);
	unsigned long v[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		v[i] = va_arg(args, unsigned long);
	va_end(args);
	if (!next)
		next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	return number != SYS_getpid && fails(CALL, "syscall", number == SYS_bpf ? ENOMEM : EMFILE) ? -1 :
		next(number, v[0], v[1], v[2], v[3], v[4], v[5]);
}

/*
 * libseccomp 2.5.4 survives no failed allocation while it makes the filter: it crashes or spins. That is at the start, before anything
 * is served; nothing else is spared.
 */
int seccomp_load(void *filter)
{
	static int (*next)(void *);
	int r;

	if (!next)
		next = (int (*)(void *))dlsym(RTLD_NEXT, "seccomp_load");
	is_inside = true;
	r = next(filter);
	is_inside = false;
	return r;
}

/* The same of the C library (2.36) when it looks for a name service for the first time: here the question fails, not what it needs. */
#define WRAP_NAMES(type, name, parameter, argument)        \
	type name(parameter argument)                      \
	{                                                  \
		static __typeof__(&name) next;             \
		bool was_inside = is_inside;               \
		type answer;                               \
		if (!next)                                 \
			next = NEXT(name);                 \
		if (fails(CALL, #name, EMFILE))            \
			return NULL;                       \
		is_inside = true;                          \
		answer = next(argument);                   \
		is_inside = was_inside;                    \
		return answer;                             \
	}
WRAP_NAMES(struct group *, getgrnam, const char *, name_of)
WRAP_NAMES(struct passwd *, getpwnam, const char *, name_of)
WRAP_NAMES(struct passwd *, getpwuid, uid_t, of)

/* --- where it begins ------------------------------------------------------------ */

static int begin(int argc, char **argv, char **env)
{
	if (nth)
		nth->is_main = 1;
	return real_main(argc, argv, env);
}

int __libc_start_main(int (*run)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void), void (*rtld)(void), void *end)
{
	__typeof__(&__libc_start_main) next = (__typeof__(&__libc_start_main))dlsym(RTLD_NEXT, "__libc_start_main");

	real_main = run;
	return next(begin, argc, argv, init, fini, rtld, end);
}
