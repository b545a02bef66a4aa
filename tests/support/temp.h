/* SPDX-License-Identifier: Apache-2.0 */
/* temp.h - a directory of its own for a unit test, gone afterwards */
#ifndef CVF_TEST_TEMP_H
#define CVF_TEST_TEMP_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static inline int temp_remove_one(const char *path, const struct stat *st, int type, struct FTW *info)
{
	(void)st, (void)type, (void)info;
	return remove(path);
}

/* malloc'ed; NULL: none can be made. */
static inline char *temp_make(void)
{
	char name[] = "/tmp/cvf-test-XXXXXX";

	return mkdtemp(name) ? strdup(name) : NULL;
}

/* Takes the name. */
static inline void temp_remove(char *take_dir)
{
	if (take_dir)
		nftw(take_dir, temp_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(take_dir);
}

/* "DIR/NAME", malloc'ed. */
static inline char *temp_path(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

#endif
