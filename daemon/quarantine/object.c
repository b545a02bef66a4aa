// SPDX-License-Identifier: Apache-2.0
/*
 * object.c - a link is the object: nothing is lost and nothing takes time. A copy has what can be given to it: contents, owner,
 * mode, times, and attributes but those for which root needs more (trusted.*, security.capability).
 */
#include "object.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/xattr.h>

#define CHUNK 65536

/* What a file system without links says, or one that cannot make this one. */
static bool cannot_link(int r)
{
	return r == -EPERM || r == -EMLINK || r == -EOPNOTSUPP || r == -ENOSYS || r == -EXDEV || r == -EINVAL;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* By descriptor, so that the very object that was checked is linked, whatever its name leads to by now. */
static int put_link(int fd, int to_fd, const char *name)
{
	struct stat is, wanted;

	if (linkat(fd, "", to_fd, name, AT_EMPTY_PATH))
		return errno == ENOENT ? -ESTALE : -errno;
	if (fstatat(to_fd, name, &is, AT_SYMLINK_NOFOLLOW) || fstat(fd, &wanted) || !is_same(&is, &wanted)) {
		unlinkat(to_fd, name, 0);
		return -ESTALE;
	}
	return QUARANTINE_LINKED;
}

/* An O_PATH descriptor again, for reading. Not by its name. */
static int reopen(int fd, const struct stat *st)
{
	char path[32];
	own_fd int again = -1;
	struct stat is;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (again < 0)
		return -errno;
	if (fstat(again, &is))
		return -errno;
	return is_same(&is, st) ? TAKE_FD(again) : -ESTALE;
}

static int write_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t written = write(fd, bytes, n);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			bytes += written;
			n -= (size_t)written;
		}
	}
	return 0;
}

/* From where both are: 0 at the end. copied counts, so that a file that grows under us ends too. */
static int copy_by_hand(int from, int to, __u64 copied, __u64 copy_max)
{
	static char chunk[CHUNK];
	ssize_t n;

	while ((n = read(from, chunk, sizeof(chunk)))) {
		int r = n > 0 ? write_all(to, chunk, (size_t)n) : errno == EINTR ? 0 : -errno;

		if (r < 0)
			return r;
		copied += n > 0 ? (__u64)n : 0;
		if (copied > copy_max)
			return -EFBIG;
	}
	return 0;
}

/* The kernel shares or copies what it can; the rest, if any, goes through our hands. */
static int copy_contents(int from, int to, __u64 copy_max)
{
	__u64 copied = 0;
	ssize_t n;

	while ((n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0)) > 0) {
		copied += (__u64)n;
		if (copied > copy_max)
			return -EFBIG;
	}
	return copy_by_hand(from, to, copied, copy_max);
}

static int copy_attribute(int from, int to, const char *name)
{
	static char value[XATTR_SIZE_MAX];
	ssize_t n = fgetxattr(from, name, value, sizeof(value));

	if (n < 0)
		return errno == ENODATA || errno == EOPNOTSUPP || errno == EPERM ? 0 : -errno;
	if (fsetxattr(to, name, value, (size_t)n, 0))
		return errno == EOPNOTSUPP || errno == EPERM ? 0 : -errno;
	return 0;
}

static int copy_attributes(int from, int to)
{
	static char names[XATTR_LIST_MAX + 1];
	ssize_t n = flistxattr(from, names, XATTR_LIST_MAX);
	int r = 0;

	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	names[n] = 0;
	for (const char *name = names; name < names + n && r >= 0; name += strlen(name) + 1)
		r = copy_attribute(from, to, name);
	return r;
}

/* In this order: an owner clears bits of the mode, a list of access changes it, everything but itself changes the times. */
static int copy_state(int from, int to, const struct stat *st)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };
	int r = fchown(to, st->st_uid, st->st_gid) ? -errno : 0;

	if (r >= 0)
		r = copy_attributes(from, to);
	if (r >= 0 && (fchmod(to, st->st_mode & 07777) || futimens(to, times)))
		r = -errno;
	return r;
}

static int put_copy(int fd, const struct stat *st, int to_fd, const char *name, __u64 copy_max)
{
	own_fd int from = -1, to = -1;
	int r;

	if ((__u64)st->st_size > copy_max)
		return -EFBIG;
	from = reopen(fd, st);
	if (from < 0)
		return from;
	to = openat(to_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = copy_contents(from, to, copy_max);
	if (r >= 0)
		r = copy_state(from, to, st);
	if (r < 0) {
		unlinkat(to_fd, name, 0);
		return r;
	}
	return QUARANTINE_COPIED;
}

static int fill_folder(int fd, const struct stat *st, int to_fd, const char *name)
{
	own_fd int from = reopen(fd, st);
	own_fd int to = openat(to_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (from < 0)
		return from;
	return to < 0 ? -errno : copy_state(from, to, st);
}

/* Only an empty folder can be removed: its own state is all there is of it. */
static int put_folder(int fd, const struct stat *st, int to_fd, const char *name)
{
	int r;

	if (mkdirat(to_fd, name, 0700))
		return -errno;
	r = fill_folder(fd, st, to_fd, name);
	if (r < 0) {
		unlinkat(to_fd, name, AT_REMOVEDIR);
		return r;
	}
	return QUARANTINE_DIRECTORY;
}

int object_put(int fd, const struct stat *st, int to_fd, const char *name, __u64 copy_max)
{
	int r;

	if (S_ISDIR(st->st_mode))
		return put_folder(fd, st, to_fd, name);
	r = put_link(fd, to_fd, name);
	if (!cannot_link(r))
		return r;
	return S_ISREG(st->st_mode) ? put_copy(fd, st, to_fd, name, copy_max) : -EOPNOTSUPP;
}
