/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.h - from a path of a task to the object itself and to the root of the mount that showed it, and back
 *
 * A path is only ever a way to an object: what is found is compared by inode and device with what the kernel judged, and
 * everything after that goes by descriptor. No symbolic link is followed anywhere.
 */
#ifndef CVF_QUARANTINE_PLACE_H
#define CVF_QUARANTINE_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "../core/own.h"
#include "cvf/quarantine.h"

/* Descriptors are O_PATH and owned; -1: none. */
struct place {
	int object_fd;
	int root_fd;		/* root of the mount */
	struct stat st;		/* of the object */
	char store[CVF_PATH_MAX + 1];	/* root_fd, from the root of the file system */
	char origin[CVF_PATH_MAX + 1];	/* the object, from there */
};

void place_free(struct place *p);
OWN_DEFINE(place);

/* Absolute, without empty, "." or ".." parts, and no part is the name of a store. */
bool place_is_path(const char *path);

/*
 * What ask->path is in the mount namespace of ask->pid. -ESTALE: not the object of ask->inode and ask->device. -ESRCH: no
 * such task. -EINVAL: not such a path. -EBUSY: a mount's own root. -EXDEV: a file system that has no room for files.
 */
int place_find(const struct quarantine_ask *ask, struct place **ret) must_check;

/*
 * An O_PATH descriptor of the folder store of the file system device, reached through a mount in our own namespace.
 * -ENODEV: none shows it. -EROFS: only read-only ones do. -ENOENT: there is no such folder.
 */
int place_open(__u32 device, const char *store, int *ret_fd) must_check;

/*
 * Calls visit with the root (O_PATH, borrowed) of each writable mount of device in our own namespace, until it says something
 * negative, which is returned. -ENODEV: there is none.
 */
int place_each_root(__u32 device, int (*visit)(int root_fd, const void *ctx), const void *ctx) must_check;

/*
 * The folder (O_PATH) and the name of origin; store_fd is store, both paths from the root of the file system. *ret_name: borrowed
 * from origin. -ENOTDIR: the folder is gone, or something else is there. -EINVAL: origin is not below store.
 */
int place_folder(int store_fd, const char *store, const char *origin, const char **ret_name, int *ret_fd) must_check;

#endif
