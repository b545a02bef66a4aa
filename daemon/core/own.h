/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own.h - ownership by cleanup attributes: a local that owns says so, TAKE() moves it out
 */
#ifndef CVF_OWN_H
#define CVF_OWN_H

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define must_check __attribute__((warn_unused_result))
#define printf_like(text, first) __attribute__((format(printf, text, first)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void own_free_(void *p)
{
	free(*(void **)p);
}

static inline void own_fd_(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void own_file_(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void own_dir_(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define own_free __attribute__((cleanup(own_free_)))
#define own_fd __attribute__((cleanup(own_fd_)))	/* an int; -1 owns nothing */
#define own_file __attribute__((cleanup(own_file_)))
#define own_dir __attribute__((cleanup(own_dir_)))

/* own(thing) calls thing_free(struct thing *); OWN_DEFINE(thing) once, after its declaration. */
#define own(thing) __attribute__((cleanup(own_##thing##_)))
#define OWN_DEFINE(thing)                                        \
	static inline void own_##thing##_(struct thing **p)      \
	{                                                        \
		thing##_free(*p);                                \
	}                                                        \
	struct thing

#define TAKE(p)                         \
	({                              \
		typeof(p) taken_ = (p); \
		(p) = NULL;             \
		taken_;                 \
	})
#define TAKE_FD(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

#endif
