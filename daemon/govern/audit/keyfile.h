/* SPDX-License-Identifier: Apache-2.0 */
/* keyfile.h - 32 secret bytes in a file of the governor's alone, in hexadecimal */
#ifndef CVF_KEYFILE_H
#define CVF_KEYFILE_H

#include "core/own.h"
#include "trail/head.h"

/* -ENOENT: there is none; -EPERM: others may read it, or it is not ours; -EBADMSG: it holds something else. */
int keyfile_read(const char *path, uint8_t ret_seed[SEED_BYTES]) must_check;
/* Random bytes into a new file, on disk when it returns. */
int keyfile_make(const char *path, uint8_t ret_seed[SEED_BYTES]) must_check;

#endif
