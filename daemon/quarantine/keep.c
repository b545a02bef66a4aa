// SPDX-License-Identifier: Apache-2.0
#include "keep.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "object.h"
#include "place.h"
#include "store.h"

#define NS 1000000000ll

static void describe(const struct stat *st, int how, struct quarantine_reply *reply)
{
	reply->how = (__u32)how;
	reply->size = S_ISREG(st->st_mode) ? (__u64)st->st_size : 0;
	reply->mode = st->st_mode;
	reply->uid = st->st_uid;
	reply->gid = st->st_gid;
	reply->links = (__u32)st->st_nlink;
	reply->mtime_ns = st->st_mtim.tv_sec * NS + st->st_mtim.tv_nsec;
}

/* The past first: an object without one could not be put back. */
static int put(const struct quarantine_ask *ask, const struct place *p, int store_fd)
{
	int r = store_write_origin(store_fd, ask->id, p->origin, &p->st);

	if (r < 0)
		return r;
	r = object_put(p->object_fd, &p->st, store_fd, ask->id, ask->copy_max);
	if (r < 0 && store_remove_origin(store_fd, ask->id) < 0)
		return r; /* what is said about the object is worth more than that its text stayed */
	return r;
}

int keep_object(const struct quarantine_ask *ask, struct quarantine_reply *reply)
{
	own(place) struct place *p = NULL;
	own_fd int store_fd = -1;
	bool made = false;
	int r = place_find(ask, &p);

	if (r < 0)
		return r;
	store_fd = store_open(p->root_fd, &made);
	if (store_fd < 0)
		return store_fd;
	r = put(ask, p, store_fd);
	if (r < 0) {
		if (made)
			unlinkat(p->root_fd, CVF_QUARANTINE_DIR, AT_REMOVEDIR);
		return r;
	}
	describe(&p->st, r, reply);
	strcpy(reply->store, p->store);
	strcpy(reply->origin, p->origin);
	return 0;
}

/*
 * A rename gives back the very thing, whether it was linked or made, and replaces nothing. Where the file system cannot
 * refuse to replace (NFS), it is put there as it was put here.
 */
static int put_back(int store_fd, const char *id, int folder_fd, const char *name, struct stat *st)
{
	own_fd int fd = openat(store_fd, id, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0 || fstat(fd, st))
		return -errno;
	if (!renameat2(store_fd, id, folder_fd, name, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	r = object_put(fd, st, folder_fd, name, UINT64_MAX);
	return r < 0 ? r : 0;
}

static int store_of(const struct quarantine_ask *ask, int *ret_folder_fd, int *ret_store_fd)
{
	int r = place_is_path(ask->store) ? place_open(ask->device, ask->store, ret_folder_fd) : -EINVAL;

	if (r < 0)
		return r;
	*ret_store_fd = store_open(*ret_folder_fd, NULL);
	return *ret_store_fd < 0 ? *ret_store_fd : 0;
}

int keep_restore(const struct quarantine_ask *ask, struct quarantine_reply *reply)
{
	own_fd int root_fd = -1, store_fd = -1, folder_fd = -1;
	const char *name;
	struct stat st;
	int r = store_of(ask, &root_fd, &store_fd);

	if (r >= 0)
		r = store_read_origin(store_fd, ask->id, reply->origin);
	if (r >= 0)
		r = place_folder(root_fd, ask->store, reply->origin, &name, &folder_fd);
	if (r >= 0)
		r = put_back(store_fd, ask->id, folder_fd, name, &st);
	if (r < 0)
		return r;
	describe(&st, 0, reply);
	/* It is back: that something of it could not be removed here is no reason to say that it is not. */
	(void)!store_remove(store_fd, ask->id);
	return 0;
}

static int purge_in(int root_fd, const void *id)
{
	own_fd int store_fd = store_open(root_fd, NULL);

	if (store_fd < 0) /* none, or not ours: then it is not in it */
		return store_fd == -ENOENT || store_fd == -EXDEV ? 0 : store_fd;
	return store_remove(store_fd, id);
}

int keep_purge(const struct quarantine_ask *ask, struct quarantine_reply *reply)
{
	own_fd int root_fd = -1, store_fd = -1;
	int r;

	(void)reply;
	if (!*ask->store)
		return place_each_root(ask->device, purge_in, ask->id);
	r = store_of(ask, &root_fd, &store_fd);
	if (r >= 0)
		r = store_remove(store_fd, ask->id);
	return r == -ENOENT ? 0 : r;
}
