// SPDX-License-Identifier: Apache-2.0
#include "place.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

#include "mountinfo.h"

#define FOLDER (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
/* In one file system, and never by a name that leads elsewhere. */
#define BELOW (RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
#define DEPTH_MAX (CVF_PATH_MAX / 2)

/* Their folders are not storage: a folder made there would be a control group, a program's map or nothing. */
static const char *const not_storage[] = {
	"autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "efivarfs", "fusectl", "mqueue",
	"nfsd", "proc", "pstore", "resctrl", "securityfs", "selinuxfs", "smackfs", "sysfs", "tracefs",
};

void place_free(struct place *p)
{
	if (!p)
		return;
	if (p->object_fd >= 0)
		close(p->object_fd);
	if (p->root_fd >= 0)
		close(p->root_fd);
	free(p);
}

static bool is_part(const char *part, size_t n)
{
	if (!n || (n == 1 && *part == '.') || (n == 2 && !memcmp(part, "..", 2)))
		return false;
	return n != strlen(CVF_QUARANTINE_DIR) || memcmp(part, CVF_QUARANTINE_DIR, n);
}

bool place_is_path(const char *path)
{
	if (*path != '/' || strlen(path) > CVF_PATH_MAX)
		return false;
	if (!path[1])
		return true;
	for (const char *part = path; part; part = strchr(part, '/'))
		if (part++, !is_part(part, strcspn(part, "/")))
			return false;
	return true;
}

/* The rest of path below root, without a slash before it; "." for root itself; NULL when it is not below. */
static const char *rest_of(const char *root, const char *path)
{
	size_t n = strcmp(root, "/") ? strlen(root) : 0;

	if (strncmp(root, path, n) || (path[n] && path[n] != '/'))
		return NULL;
	return path[n] && path[n + 1] ? path + n + 1 : ".";
}

static int open_how(int folder_fd, const char *path, __u64 flags, __u64 resolve)
{
	struct open_how how = { .flags = flags, .resolve = resolve };
	long fd = syscall(SYS_openat2, folder_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int mount_of(int fd, __u64 *ret_id)
{
	struct statx sx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &sx))
		return -errno;
	if (!(sx.stx_mask & STATX_MNT_ID))
		return -EOPNOTSUPP;
	*ret_id = sx.stx_mnt_id;
	return 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/*
 * The root of the task's mount namespace. In our own it is ours, whatever the task was chrooted to: paths are the kernel's, from
 * the namespace's root. In another it is the task's, which is the same thing unless the task was chrooted there, and then
 * the path leads to nothing or to another object, and that is found out.
 */
static int namespace_open(unsigned int pid, bool *ret_is_ours)
{
	char path[48];
	struct stat ours, its;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/ns/mnt", pid);
	if (stat("/proc/self/ns/mnt", &ours))
		return -errno;
	if (stat(path, &its))
		return errno == ENOENT ? -ESRCH : -errno;
	*ret_is_ours = is_same(&ours, &its);
	snprintf(path, sizeof(path), "/proc/%u/root", pid);
	fd = open(*ret_is_ours ? "/" : path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

/* What the name leads to now: when it leads nowhere, what was judged is gone. */
static int stale_if_gone(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP ? -ESTALE : r;
}

static int open_parts(struct place *p, int top_fd, const char *path, int *ret_folder_fd)
{
	own_free char *folder = strdup(path + 1);
	own_fd int fd = -1;
	char *slash;

	if (!folder)
		return -ENOMEM;
	slash = strrchr(folder, '/');
	if (slash)
		*slash = 0;
	fd = open_how(top_fd, slash ? folder : ".", FOLDER, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	if (fd < 0)
		return stale_if_gone(fd);
	p->object_fd = openat(fd, strrchr(path, '/') + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (p->object_fd < 0)
		return stale_if_gone(-errno);
	*ret_folder_fd = TAKE_FD(fd);
	return fstat(p->object_fd, &p->st) ? -errno : 0;
}

/* Is it the object that the kernel judged? The device is compared with the mount's: stat(2) gives others on btrfs and overlayfs. */
static int check_object(const struct place *p, const struct quarantine_ask *ask, int folder_fd, bool is_ours, struct mount *m)
{
	__u64 of_folder, of_object;
	int r = mount_of(folder_fd, &of_folder);

	if (r >= 0)
		r = mount_of(p->object_fd, &of_object);
	if (r < 0)
		return r;
	if (of_folder != of_object)
		return -EBUSY;
	r = mountinfo_find(is_ours ? 0 : ask->pid, of_folder, m);
	if (r < 0)
		return r == -ENOENT ? -EXDEV : r;
	if (p->st.st_ino != ask->inode || m->device != ask->device)
		return -ESTALE;
	for (size_t i = 0; i < ARRAY_SIZE(not_storage); i++)
		if (!strcmp(m->type, not_storage[i]))
			return -EXDEV;
	return 0;
}

/* Up to the root of the mount; *ret_steps: how many folders that were. */
static int climb(int folder_fd, __u64 mount, int *ret_fd, int *ret_steps)
{
	own_fd int fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
	struct stat here, above;

	if (fd < 0 || fstat(fd, &here))
		return -errno;
	for (int steps = 0; steps < DEPTH_MAX; steps++) {
		own_fd int up = openat(fd, "..", FOLDER);
		__u64 id;
		int r;

		if (up < 0 || fstat(up, &above))
			return -errno;
		r = mount_of(up, &id);
		if (r < 0)
			return r;
		if (id != mount || is_same(&here, &above)) {
			*ret_steps = steps;
			*ret_fd = TAKE_FD(fd);
			return 0;
		}
		close(fd);
		fd = TAKE_FD(up);
		here = above;
	}
	return -ELOOP;
}

/* The last parts of path: one more than steps. NULL: it has not so many. */
static const char *last_parts(const char *path, int steps)
{
	const char *p = path + strlen(path);

	for (int i = 0; i <= steps; i++) {
		if (p == path)
			return NULL;
		while (*--p != '/')
			;
	}
	return p;
}

/* The names must lead from the mount's root to the very folder: while we climbed somebody may have moved it. */
static int check_way(int root_fd, const char *parts, int folder_fd)
{
	own_free char *folder = strdup(parts + 1);
	char *slash = folder ? strrchr(folder, '/') : NULL;
	own_fd int fd = -1;
	struct stat was, is;

	if (!folder)
		return -ENOMEM;
	if (slash)
		*slash = 0;
	fd = open_how(root_fd, slash ? folder : ".", FOLDER, BELOW);
	if (fd < 0)
		return fd == -EXDEV ? -ESTALE : stale_if_gone(fd);
	if (fstat(fd, &is) || fstat(folder_fd, &was))
		return -errno;
	return is_same(&is, &was) ? 0 : -ESTALE;
}

static int find_root(struct place *p, const char *path, int folder_fd, const struct mount *m)
{
	const char *parts;
	int steps, r = climb(folder_fd, m->id, &p->root_fd, &steps);

	if (r < 0)
		return r;
	parts = last_parts(path, steps);
	if (!parts)
		return -ESTALE;
	r = check_way(p->root_fd, parts, folder_fd);
	if (r < 0)
		return r;
	strcpy(p->store, m->root);
	if ((size_t)snprintf(p->origin, sizeof(p->origin), "%s%s", strcmp(m->root, "/") ? m->root : "", parts) >=
	    sizeof(p->origin))
		return -ENAMETOOLONG;
	return place_is_path(p->origin) ? 0 : -EINVAL;
}

int place_find(const struct quarantine_ask *ask, struct place **ret)
{
	own(place) struct place *p = calloc(1, sizeof(*p));
	own_free struct mount *m = calloc(1, sizeof(*m));
	own_fd int top = -1, folder = -1;
	bool is_ours = false;
	int r;

	if (!p || !m)
		return -ENOMEM;
	p->object_fd = p->root_fd = -1;
	if (!place_is_path(ask->path))
		return -EINVAL;
	if (!ask->path[1])
		return -EBUSY;
	top = namespace_open(ask->pid, &is_ours);
	if (top < 0)
		return top;
	r = open_parts(p, top, ask->path, &folder);
	if (r >= 0)
		r = check_object(p, ask, folder, is_ours, m);
	if (r >= 0)
		r = find_root(p, ask->path, folder, m);
	if (r < 0)
		return r;
	*ret = TAKE(p);
	return 0;
}

/* The folder store through this mount. -ENODEV: another mount covers it. */
static int open_through(const struct mount *m, const char *rest)
{
	own_fd int fd = open(m->point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	__u64 id = 0;
	int r = fd < 0 ? -errno : mount_of(fd, &id);

	if (r < 0)
		return r;
	if (id != m->id)
		return -ENODEV;
	r = open_how(fd, rest, FOLDER, BELOW);
	return r == -EXDEV ? -ENODEV : r;
}

struct opening {
	__u32 device;
	const char *store;
	int fd;		/* -1: not yet */
	int error;	/* why not, as far as mounts have said */
};

static int open_store(const struct mount *m, void *ctx)
{
	struct opening *o = ctx;
	const char *rest = m->device == o->device ? rest_of(m->root, o->store) : NULL;
	int r = !rest ? -ENODEV : m->is_read_only ? -EROFS : open_through(m, rest);

	if (r >= 0) {
		o->fd = r;
		return 1;
	}
	/* What a mount said that shows it is worth more than that others do not. */
	if (r != -ENODEV && (o->error == -ENODEV || o->error == -EROFS))
		o->error = r;
	return 0;
}

int place_open(__u32 device, const char *store, int *ret_fd)
{
	struct opening o = { .device = device, .store = store, .fd = -1, .error = -ENODEV };
	int r = mountinfo_each(open_store, &o);

	*ret_fd = o.fd;
	if (r > 0)
		return 0;
	return r < 0 ? r : o.error;
}

struct roots {
	__u32 device;
	int (*visit)(int root_fd, const void *ctx);
	const void *ctx;
	int result;
};

static int visit_root(const struct mount *m, void *ctx)
{
	struct roots *w = ctx;
	own_fd int fd = m->device == w->device && !m->is_read_only ? open_through(m, ".") : -ENODEV;

	if (fd >= 0)
		w->result = w->visit(fd, w->ctx);
	return fd >= 0 && w->result < 0 ? w->result : 0;
}

int place_each_root(__u32 device, int (*visit)(int root_fd, const void *ctx), const void *ctx)
{
	struct roots w = { .device = device, .visit = visit, .ctx = ctx, .result = -ENODEV };
	int r = mountinfo_each(visit_root, &w);

	return r < 0 ? r : w.result;
}

int place_folder(int store_fd, const char *store, const char *origin, const char **ret_name, int *ret_fd)
{
	const char *rest = place_is_path(origin) ? rest_of(store, origin) : NULL;
	own_free char *folder = rest ? strdup(rest) : NULL;
	char *slash = folder ? strrchr(folder, '/') : NULL;
	int fd;

	if (!rest || !strcmp(rest, "."))
		return -EINVAL;
	if (!folder)
		return -ENOMEM;
	if (slash)
		*slash = 0;
	fd = open_how(store_fd, slash ? folder : ".", FOLDER, BELOW);
	if (fd < 0)
		return fd == -EXDEV || fd == -ENOENT || fd == -ELOOP ? -ENOTDIR : fd;
	*ret_name = strrchr(origin, '/') + 1;
	*ret_fd = fd;
	return 0;
}
