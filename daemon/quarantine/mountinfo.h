/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mountinfo.h - what mounts show: one line of /proc/PID/mountinfo at a time
 *
 * Paths are the kernel's bytes, with its octal escapes taken back.
 */
#ifndef CVF_QUARANTINE_MOUNTINFO_H
#define CVF_QUARANTINE_MOUNTINFO_H

#include <linux/types.h>
#include <stdbool.h>

#include "../core/own.h"
#include "cvf/limits.h"

struct mount {
	__u64 id;			/* as statx says in stx_mnt_id */
	__u32 device;			/* of the file system, the kernel's s_dev: major << 20 | minor */
	bool is_read_only;		/* this mount of it */
	char type[32];			/* of the file system; cut */
	char root[CVF_PATH_MAX + 1];	/* the folder of the file system that it shows */
	char point[CVF_PATH_MAX + 1];	/* where */
};

/* line: one line, its end included or not; taken apart. -EINVAL: not such a line. */
int mountinfo_parse(char *line, struct mount *ret) must_check;
/* Reads on to the next mount. 1, 0 at the end, or negative errno. What cannot be read as a mount is passed over. */
int mountinfo_next(FILE *f, struct mount *ret) must_check;
/*
 * Calls visit with each mount of our own view, borrowed, until it says something other than 0, which is returned; 0: all were
 * visited. Negative errno: it could not be read.
 */
int mountinfo_each(int (*visit)(const struct mount *m, void *ctx), void *ctx) must_check;
/* The mount with an id, in the view of the process pid; 0: our own. -ESRCH: no such process. -ENOENT: no such mount. */
int mountinfo_find(unsigned int pid, __u64 id, struct mount *ret) must_check;

#endif
