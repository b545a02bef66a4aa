// SPDX-License-Identifier: Apache-2.0
#include "store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "cvf/quarantine.h"
#include "place.h"

#define FIRST_LINE "cvf-quarantine 1\n"
#define ORIGIN_WORD "\norigin "
#define TEXT_MAX (CVF_PATH_MAX + 256)

static bool is_roots_alone(const struct stat *st)
{
	return st->st_uid == 0 && !(st->st_mode & 077);
}

/* A folder takes the lists of access of its parent for what will be made in it: here nothing may be added. */
static int forget_inherited(int fd)
{
	static const char *const names[] = { "system.posix_acl_default", "system.posix_acl_access" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (fremovexattr(fd, names[i]) && errno != ENODATA && errno != EOPNOTSUPP)
			return -errno;
	return fchmod(fd, 0700) ? -errno : 0;
}

int store_open(int folder_fd, bool *ret_made)
{
	bool made = ret_made && !mkdirat(folder_fd, CVF_QUARANTINE_DIR, 0700);
	own_fd int fd = -1;
	struct stat st, around;
	int r = ret_made && !made && errno != EEXIST ? -errno : 0;

	if (r < 0)
		return r;
	fd = openat(folder_fd, CVF_QUARANTINE_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP ? -EXDEV : -errno;
	if (made) {
		r = forget_inherited(fd);
		if (r < 0) {
			unlinkat(folder_fd, CVF_QUARANTINE_DIR, AT_REMOVEDIR);
			return r;
		}
	}
	if (fstat(fd, &st) || fstat(folder_fd, &around))
		return -errno;
	if (!is_roots_alone(&st) || st.st_dev != around.st_dev)
		return -EXDEV;
	if (ret_made)
		*ret_made = made;
	return TAKE_FD(fd);
}

static const char *origin_name(const char *id)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s.origin", id);
	return name;
}

static int write_text(int store_fd, const char *name, const char *text, size_t n)
{
	own_fd int fd = openat(store_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t written;
	int r;

	if (fd < 0)
		return -errno;
	written = write(fd, text, n);
	if (written == (ssize_t)n)
		return 0;
	r = written < 0 ? -errno : -ENOSPC;
	unlinkat(store_fd, name, 0);
	return r;
}

int store_write_origin(int store_fd, const char *id, const char *origin, const struct stat *st)
{
	static char text[TEXT_MAX];
	int n = snprintf(text, sizeof(text), FIRST_LINE "mode %o\nuid %u\ngid %u\nmtime %lld.%09ld" ORIGIN_WORD "%s",
			 st->st_mode, st->st_uid, st->st_gid, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, origin);

	if (n < 0 || (size_t)n >= sizeof(text))
		return -ENAMETOOLONG;
	return write_text(store_fd, origin_name(id), text, (size_t)n);
}

int store_read_origin(int store_fd, const char *id, char *ret_origin)
{
	static char text[TEXT_MAX + 1];
	own_fd int fd = openat(store_fd, origin_name(id), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *origin;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || !is_roots_alone(&st))
		return -EBADMSG;
	n = read(fd, text, TEXT_MAX);
	if (n < 0)
		return -errno;
	text[n] = 0;
	origin = strstr(text, ORIGIN_WORD);
	if (strncmp(text, FIRST_LINE, strlen(FIRST_LINE)) || !origin || strlen(text) != (size_t)n)
		return -EBADMSG;
	origin += strlen(ORIGIN_WORD);
	if (!place_is_path(origin))
		return -EBADMSG;
	strcpy(ret_origin, origin);
	return 0;
}

int store_remove_origin(int store_fd, const char *id)
{
	return unlinkat(store_fd, origin_name(id), 0) && errno != ENOENT ? -errno : 0;
}

int store_remove(int store_fd, const char *id)
{
	int r = unlinkat(store_fd, id, 0) ? -errno : 0;

	if (r == -EISDIR)
		r = unlinkat(store_fd, id, AT_REMOVEDIR) ? -errno : 0;
	return r < 0 && r != -ENOENT ? r : store_remove_origin(store_fd, id);
}
