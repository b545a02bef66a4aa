// SPDX-License-Identifier: Apache-2.0
/* files.c - files and folders, through io_uring, too */
#include "probe.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
/* ---- files ---- */

static int v_open(int argc, char **argv)
{
	static const struct {
		const char *verb;
		int flags;
	} ways[] = {
		{ "open-read", O_RDONLY },
		{ "open-write", O_WRONLY },
		{ "open-rw", O_RDWR },
		{ "open-append", O_WRONLY | O_APPEND },
		{ "open-trunc", O_WRONLY | O_TRUNC },
		{ "open-read-trunc", O_RDONLY | O_TRUNC },
		{ "open-path", O_PATH },
		{ "open-dir", O_RDONLY | O_DIRECTORY },
		{ "create", O_WRONLY | O_CREAT },
		{ "create-excl", O_WRONLY | O_CREAT | O_EXCL },
		{ "creat-trunc", O_WRONLY | O_CREAT | O_TRUNC },
		{ "tmpfile", O_WRONLY | O_TMPFILE },
	};

	(void)argc;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].verb, argv[0]) == 0)
			return result_fd(open(argv[1], ways[i].flags | O_CLOEXEC, 0644));
	return BROKEN;
}

/* openat2 is another entry into the kernel. */
static int v_openat2(int argc, char **argv)
{
	struct { uint64_t flags, mode, resolve; } how = { O_WRONLY | O_CREAT, 0644, 0 };

	(void)argc;
	return result_fd((int)syscall(SYS_openat2, AT_FDCWD, argv[1], &how, sizeof(how)));
}

static int v_write(int argc, char **argv)
{
	return write_text(argv[1], argc > 2 ? argv[2] : "probe");
}

static int v_cat(int argc, char **argv)
{
	char text[4096];
	int fd = open(argv[1], O_RDONLY);
	ssize_t n;

	(void)argc;
	if (fd < 0)
		return errno;
	while ((n = read(fd, text, sizeof(text))) > 0)
		if (write(1, text, (size_t)n) < 0)
			break;
	close(fd);
	return 0;
}

static int v_unlink(int argc, char **argv) { (void)argc; return result(unlink(argv[1])); }
static int v_unlinkat(int argc, char **argv) { (void)argc; return result(unlinkat(AT_FDCWD, argv[1], 0)); }
static int v_rmdir(int argc, char **argv) { (void)argc; return result(rmdir(argv[1])); }
static int v_mkdir(int argc, char **argv) { (void)argc; return result(mkdir(argv[1], 0755)); }
static int v_mkfifo(int argc, char **argv) { (void)argc; return result(mknod(argv[1], S_IFIFO | 0644, 0)); }
static int v_mkreg(int argc, char **argv) { (void)argc; return result(mknod(argv[1], S_IFREG | 0644, 0)); }
static int v_mkchr(int argc, char **argv) { (void)argc; return result(mknod(argv[1], S_IFCHR | 0644, 0x103)); }
static int v_mkblk(int argc, char **argv) { (void)argc; return result(mknod(argv[1], S_IFBLK | 0644, 0x700)); }
static int v_symlink(int argc, char **argv) { (void)argc; return result(symlink(argv[1], argv[2])); }
static int v_link(int argc, char **argv) { (void)argc; return result(link(argv[1], argv[2])); }

/* rename OLD NEW [noreplace|exchange|whiteout] */
static int v_rename(int argc, char **argv)
{
	unsigned int flags = 0;

	if (argc > 3)
		flags = strcmp(argv[3], "noreplace") == 0 ? RENAME_NOREPLACE :
			strcmp(argv[3], "exchange") == 0  ? RENAME_EXCHANGE :
							    RENAME_WHITEOUT;
	return flags ? result(renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], flags)) : result(rename(argv[1], argv[2]));
}

static int v_truncate(int argc, char **argv) { (void)argc; return result(truncate(argv[1], 1)); }

/* The descriptor comes from standard input, opened by who starts the probe, so that only the second call is judged. */
static int v_ftruncate_stdin(int argc, char **argv) { (void)argc; (void)argv; return result(ftruncate(0, 1)); }
static int v_fchmod_stdin(int argc, char **argv) { (void)argc; (void)argv; return result(fchmod(0, 0600)); }
static int v_fchown_stdin(int argc, char **argv) { (void)argc; (void)argv; return result(fchown(0, 1000, 1000)); }
static int v_fsetxattr_stdin(int argc, char **argv) { (void)argc; (void)argv; return result(fsetxattr(0, "trusted.probe", "1", 1, 0)); }
static int v_futimes_stdin(int argc, char **argv) { (void)argc; (void)argv; return result(futimens(0, (struct timespec[2]){ { 1000, 0 }, { 1000, 0 } })); }

static int v_chmod(int argc, char **argv) { (void)argc; return result(chmod(argv[1], 0600)); }
static int v_chown(int argc, char **argv) { (void)argc; return result(chown(argv[1], 1000, 1000)); }
static int v_lchown(int argc, char **argv) { (void)argc; return result(lchown(argv[1], 1000, 1000)); }
static int v_setxattr(int argc, char **argv) { (void)argc; return result(setxattr(argv[1], "trusted.probe", "1", 1, 0)); }
static int v_removexattr(int argc, char **argv) { (void)argc; return result(removexattr(argv[1], "trusted.probe")); }

static int v_getxattr(int argc, char **argv)
{
	char value[16];

	(void)argc;
	return result(getxattr(argv[1], "trusted.probe", value, sizeof(value)));
}

static int v_utimes(int argc, char **argv)
{
	(void)argc;
	return result(utimensat(AT_FDCWD, argv[1], (struct timespec[2]){ { 1000, 0 }, { 1000, 0 } }, 0));
}

static int v_touch(int argc, char **argv) { (void)argc; return result(utimensat(AT_FDCWD, argv[1], NULL, 0)); }

static int v_mmap_exec(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY), r;

	(void)argc;
	if (fd < 0)
		return broken(argv[1]);
	r = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno : 0;
	close(fd);
	return r;
}

static int v_mprotect_exec(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY);
	void *p;

	(void)argc;
	if (fd < 0)
		return broken(argv[1]);
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return broken("mmap");
	return result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

/* O_PATH asks nothing; opening what it names through /proc does. */
static int v_reopen(int argc, char **argv)
{
	int fd = open(argv[1], O_PATH);
	char name[64];

	(void)argc;
	if (fd < 0)
		return broken(argv[1]);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return result_fd(open(name, O_WRONLY));
}

/* tmpfile-link DIRECTORY NAME */
static int v_tmpfile_link(int argc, char **argv)
{
	int fd = open(argv[1], O_TMPFILE | O_WRONLY, 0644);
	char name[64];

	(void)argc;
	if (fd < 0)
		return errno;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return result(linkat(AT_FDCWD, name, AT_FDCWD, argv[2], AT_SYMLINK_FOLLOW));
}

/* unlink-many PREFIX N: how many failed */
static int v_unlink_many(int argc, char **argv)
{
	int failed = 0;
	char path[PATH_MAX];

	(void)argc;
	for (int i = 0; i < atoi(argv[2]); i++) {
		snprintf(path, sizeof(path), "%s%d", argv[1], i);
		failed += unlink(path) < 0;
	}
	return failed;
}

/* long-path OP DIRECTORY BYTES: makes a path of that length below the directory by nested names, then creates or unlinks it */
static int v_long_path(int argc, char **argv)
{
	static char path[PATH_MAX + 300];
	size_t want = (size_t)atoi(argv[3]), n;

	(void)argc;
	snprintf(path, sizeof(path), "%s", argv[2]);
	n = strlen(path);
	while (n + 202 < want) {
		path[n++] = '/';
		memset(path + n, 'd', 100);
		n += 100;
		path[n] = 0;
		if (strcmp(argv[1], "prepare") == 0 && mkdir(path, 0755) < 0 && errno != EEXIST)
			return broken("mkdir");
	}
	path[n++] = '/';
	memset(path + n, 'f', want - n);
	path[want] = 0;
	if (strcmp(argv[1], "prepare") == 0)
		return write_text(path, "long");
	if (strcmp(argv[1], "unlink") == 0)
		return result(unlink(path));
	if (strcmp(argv[1], "create") == 0)
		return result_fd(open(path, O_WRONLY | O_CREAT | O_EXCL, 0644));
	return result_fd(open(path, O_RDONLY));
}

/* ---- io_uring and AIO ---- */

struct ring {
	struct io_uring_params p;
	int fd;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
};

static int ring_make(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = (int)syscall(SYS_io_uring_setup, 4, &r->p);
	if (r->fd < 0)
		return errno;
	r->sq = mmap(NULL, r->p.sq_off.array + 64, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, r->p.cq_off.cqes + 8 * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		     IORING_OFF_CQ_RING);
	r->sqes = mmap(NULL, 4 * sizeof(*r->sqes), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQES);
	return r->sq == MAP_FAILED || r->cq == MAP_FAILED || r->sqes == MAP_FAILED ? broken("mmap") : 0;
}

/* Submits what stands in sqes[0] and waits; the completion's errno. */
static int ring_submit(struct ring *r)
{
	uint32_t *tail = (uint32_t *)(r->sq + r->p.sq_off.tail), *array = (uint32_t *)(r->sq + r->p.sq_off.array);
	struct io_uring_cqe *cqe = (struct io_uring_cqe *)(r->cq + r->p.cq_off.cqes);

	array[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return errno;
	return cqe->res < 0 ? -cqe->res : 0;
}

static int v_io_uring(int argc, char **argv)
{
	struct ring r;
	int error = ring_make(&r);
	struct peer p;

	if (error || argc < 2)
		return error;
	r.sqes[0].fd = AT_FDCWD;
	r.sqes[0].addr = (uint64_t)(uintptr_t)argv[1];
	/* uring-open-async: by a worker thread instead of inside the call */
	r.sqes[0].flags = strcmp(argv[0], "uring-open-async") == 0 ? IOSQE_ASYNC : 0;
	if (strcmp(argv[0], "uring-unlink") == 0) {
		r.sqes[0].opcode = IORING_OP_UNLINKAT;
	} else if (strcmp(argv[0], "uring-connect") == 0) {
		if (peer_read(&p, argv[1], argv[2]))
			return BROKEN;
		r.sqes[0].opcode = IORING_OP_CONNECT;
		r.sqes[0].fd = socket(p.a.any.sa_family, SOCK_STREAM, 0);
		r.sqes[0].addr = (uint64_t)(uintptr_t)&p.a;
		r.sqes[0].off = p.size;
	} else {
		r.sqes[0].opcode = IORING_OP_OPENAT;
		r.sqes[0].open_flags = O_WRONLY | O_CREAT;
		r.sqes[0].len = 0644;
	}
	return ring_submit(&r);
}

const struct verb files_verbs[] = {
	{ "open-read", 1, v_open },
	{ "open-write", 1, v_open },
	{ "open-rw", 1, v_open },
	{ "open-append", 1, v_open },
	{ "open-trunc", 1, v_open },
	{ "open-read-trunc", 1, v_open },
	{ "open-path", 1, v_open },
	{ "open-dir", 1, v_open },
	{ "create", 1, v_open },
	{ "create-excl", 1, v_open },
	{ "creat-trunc", 1, v_open },
	{ "tmpfile", 1, v_open },
	{ "openat2-create", 1, v_openat2 },
	{ "write", 1, v_write },
	{ "cat", 1, v_cat },
	{ "unlink", 1, v_unlink },
	{ "unlinkat", 1, v_unlinkat },
	{ "unlink-many", 2, v_unlink_many },
	{ "rmdir", 1, v_rmdir },
	{ "mkdir", 1, v_mkdir },
	{ "mknod-fifo", 1, v_mkfifo },
	{ "mknod-reg", 1, v_mkreg },
	{ "mknod-chr", 1, v_mkchr },
	{ "mknod-blk", 1, v_mkblk },
	{ "symlink", 2, v_symlink },
	{ "link", 2, v_link },
	{ "rename", 2, v_rename },
	{ "truncate", 1, v_truncate },
	{ "ftruncate-stdin", 0, v_ftruncate_stdin },
	{ "fchmod-stdin", 0, v_fchmod_stdin },
	{ "fchown-stdin", 0, v_fchown_stdin },
	{ "fsetxattr-stdin", 0, v_fsetxattr_stdin },
	{ "futimes-stdin", 0, v_futimes_stdin },
	{ "chmod", 1, v_chmod },
	{ "chown", 1, v_chown },
	{ "lchown", 1, v_lchown },
	{ "setxattr", 1, v_setxattr },
	{ "getxattr", 1, v_getxattr },
	{ "removexattr", 1, v_removexattr },
	{ "utimes", 1, v_utimes },
	{ "touch", 1, v_touch },
	{ "mmap-exec", 1, v_mmap_exec },
	{ "mprotect-exec", 1, v_mprotect_exec },
	{ "reopen", 1, v_reopen },
	{ "tmpfile-link", 2, v_tmpfile_link },
	{ "long-path", 3, v_long_path },
	{ "io-uring", 0, v_io_uring },
	{ "uring-open", 1, v_io_uring },
	{ "uring-open-async", 1, v_io_uring },
	{ "uring-unlink", 1, v_io_uring },
	{ "uring-connect", 2, v_io_uring },
	{ 0 },
};
