/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.h - the object itself under another name: the same one where links can be made, else one made like it
 */
#ifndef CVF_QUARANTINE_OBJECT_H
#define CVF_QUARANTINE_OBJECT_H

#include <sys/stat.h>

#include "../core/own.h"
#include "cvf/quarantine.h"

/*
 * Puts the object of fd (O_PATH; st is its state) into the folder to_fd under name, which must be free. Returns enum
 * quarantine_how. -EEXIST: it is not. -EFBIG: a file of more than copy_max bytes that cannot be linked. -EOPNOTSUPP: neither
 * a file nor a folder, and it cannot be linked. -ESTALE: it is gone, or not what st says. What failed leaves nothing.
 */
int object_put(int fd, const struct stat *st, int to_fd, const char *name, __u64 copy_max) must_check;

#endif
