/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the folder in which things are kept: root's alone, at the root of a mount; under ID the object, in ID.origin its past
 *
 * ids must have been checked: 26 characters of Crockford's base32.
 */
#ifndef CVF_QUARANTINE_STORE_H
#define CVF_QUARANTINE_STORE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "../core/own.h"

/*
 * CVF_QUARANTINE_DIR in folder_fd; a descriptor for *at() calls. ret_made NULL: it is not made. *ret_made: it was.
 * -ENOENT: there is none. -EXDEV: what is there is not a folder of root alone.
 */
int store_open(int folder_fd, bool *ret_made) must_check;

/* Writes ID.origin. -EEXIST: the id is taken. What failed leaves nothing. */
int store_write_origin(int store_fd, const char *id, const char *origin, const struct stat *st) must_check;
/* The origin's path into room of CVF_PATH_MAX + 1 bytes. -ENOENT: not there. -EBADMSG: not what store_write_origin() writes. */
int store_read_origin(int store_fd, const char *id, char *ret_origin) must_check;
/* Removes ID and ID.origin; what is missing already is as good. */
int store_remove(int store_fd, const char *id) must_check;
int store_remove_origin(int store_fd, const char *id) must_check;

#endif
