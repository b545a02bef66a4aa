/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quarantine.h - messages between the governor and cvfd-quarantine, which keeps what is about to be deleted
 *
 * A SOCK_SEQPACKET unix socket, created by cvfd-quarantine at CVF_QUARANTINE_PATH (owner cvf, mode 0600); the peer must be
 * the user cvf or root by SO_PEERCRED. One struct quarantine_ask per packet, answered by one struct quarantine_reply with the
 * same serial, in order. A packet of another size or type, with a string without its end, a path_len that is not path's length
 * or an id that is no ULID closes the connection and changes nothing. One peer at a time; while a file system hangs (NFS) so does
 * every ask behind it: the peer waits as long as it likes, then refuses.
 *
 * What is kept lies at the root of the mount that showed it, in CVF_QUARANTINE_DIR (root's, mode 0700), under its id, beside
 * ID.origin, which says where it was. The governor names ids and never places: what it asks for can only come from or go back
 * to where an agent deleted it.
 */
#ifndef CVF_QUARANTINE_H
#define CVF_QUARANTINE_H

#include <linux/types.h>

#include "abi.h"

#define CVF_QUARANTINE_PATH "/run/cvf/quarantine.sock"

enum quarantine_type {
	QUARANTINE_KEEP = 1,	/* all fields but store; the task of pid is stopped before its unlink or rename */
	QUARANTINE_RESTORE = 2,	/* id, device, store */
	QUARANTINE_PURGE = 3,	/* id, device, store; also ends a KEEP whose reply came too late, or (store empty) never */
};

enum quarantine_how { QUARANTINE_LINKED = 1, QUARANTINE_COPIED = 2, QUARANTINE_DIRECTORY = 3 };

struct quarantine_ask {
	__u32 type;		/* enum quarantine_type */
	__u32 pid;		/* whose mount namespace path is in; host's number */
	__u64 serial;
	__u64 inode;		/* i_ino of the object as the kernel saw it */
	__u32 device;		/* its s_dev in the kernel's encoding: major << 20 | minor */
	__u32 path_len;
	__u64 copy_max;		/* bytes; larger files that cannot be linked are not kept */
	char id[32];		/* ULID, NUL-terminated */
	char store[CVF_PATH_MAX + 1];	/* from a KEEP's reply; NUL-terminated */
	char path[CVF_PATH_MAX + 1];	/* NUL-terminated, absolute in the namespace */
};

/*
 * error: 0, or negative, and then the other fields say nothing. KEEP: -ESTALE another object or none has the name now, or a
 * symbolic link is on the way to it; -EFBIG larger than copy_max and not linkable; -EXDEV no place for it: a file system that
 * is no storage, or somebody else's thing where the store must be; -EBUSY the root of a mount; -EINVAL not a path that a kernel
 * says, or inside of a store; -EOPNOTSUPP no file, and not linkable; -ESRCH the task is gone; -EEXIST the id was used before;
 * others as the system call said. RESTORE: -EEXIST the name is taken, -ENOENT it is not there (any more), -ENODEV its file
 * system is not mounted (-EROFS: only read-only), -ENOTDIR its folder is gone, -EBADMSG what is said of its past is not ours.
 * PURGE: 0 when it is not there; -ENODEV and -EROFS as above. With an empty store the root of every mount of device is looked
 * at: for a KEEP of which no reply came.
 */
struct quarantine_reply {
	__u64 serial;
	__s32 error;
	__u32 how;		/* KEEP: enum quarantine_how */
	__u64 size;		/* bytes of a regular file, else 0 */
	__u32 mode;		/* with the type, as in stat(2) */
	__u32 uid;
	__u32 gid;
	__u32 links;		/* names it had when it was kept: more than 1, and something else may still change it */
	__s64 mtime_ns;
	char store[CVF_PATH_MAX + 1];	/* KEEP: the folder CVF_QUARANTINE_DIR is in, from the root of its file system */
	char origin[CVF_PATH_MAX + 1];	/* KEEP and RESTORE: where it was, from the root of its file system */
};

#endif
