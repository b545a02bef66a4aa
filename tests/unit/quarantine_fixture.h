/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quarantine_fixture.h - a mount of its own for each test of the quarantine, in a mount namespace of its own
 *
 * World of a test: w->dir is the root of a mount (a tmpfs, or a folder of whatever /tmp is on, bound to itself).
 */
#ifndef CVF_TEST_QUARANTINE_H
#define CVF_TEST_QUARANTINE_H

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <cmocka.h>

#include "../support/temp.h"
#include "cvf/quarantine.h"
#include "quarantine/keep.h"
#include "quarantine/mountinfo.h"

#define ID "01M7Y21D8840VV53T09JVXCQ08"
#define ID2 "01M7Y21D8840VV53T09JVXCQ09"
#define MIB (1u << 20)

struct world {
	char *dir;
	struct quarantine_ask ask;
	struct quarantine_reply reply;
};

/* Once for a program. Without a mount namespace nothing here may be tried: the store would be at the root of the machine. */
static inline bool world_is_possible(void)
{
	static int possible = -1;

	if (possible < 0)
		possible = !geteuid() && !unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return possible;
}

static inline int world_make(void **state, bool is_tmpfs)
{
	struct world *w;

	if (!world_is_possible())
		return 0;
	w = calloc(1, sizeof(*w));
	w->dir = temp_make();
	assert_non_null(w->dir);
	assert_int_equal(is_tmpfs ? mount("x", w->dir, "tmpfs", 0, "mode=0755") : mount(w->dir, w->dir, NULL, MS_BIND, NULL), 0);
	*state = w;
	return 0;
}

static inline int on_tmpfs(void **state)
{
	return world_make(state, true);
}

static inline int on_bind(void **state)
{
	return world_make(state, false);
}

static inline int world_end(void **state)
{
	struct world *w = *state;

	if (!w)
		return 0;
	umount2(w->dir, MNT_DETACH);
	temp_remove(w->dir);
	free(w);
	return 0;
}

/* The world of the test, or the test is skipped. */
#define WORLD(state) (*(state) ? *(state) : (skip(), NULL))

/* "DIR/NAME"; sixteen at a time. */
static inline const char *at(const struct world *w, const char *name)
{
	static char paths[16][CVF_PATH_MAX + 1];
	static int next;
	char *path = paths[next++ % 16];

	snprintf(path, sizeof(paths[0]), "%s/%s", w->dir, name);
	return path;
}

static inline struct stat state_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st;
}

static inline bool is_there(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static inline void write_file(const char *path, const char *text)
{
	own_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static inline void expect_text(const char *path, const char *text)
{
	own_fd int fd = open(path, O_RDONLY);
	char got[256] = "";

	assert_true(read(fd, got, sizeof(got) - 1) >= 0);
	assert_string_equal(got, text);
}

static inline __u32 device_of(const char *path)
{
	static struct mount m;
	struct statx sx;

	assert_int_equal(statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &sx), 0);
	assert_int_equal(mountinfo_find(0, sx.stx_mnt_id, &m), 0);
	return m.device;
}

/* w->ask for the object that has this name now. */
static inline void ask_about(struct world *w, const char *id, const char *path)
{
	w->ask = (struct quarantine_ask){ .type = QUARANTINE_KEEP, .pid = (__u32)getpid(), .copy_max = MIB };
	w->ask.inode = state_of(path).st_ino;
	w->ask.device = device_of(path);
	strcpy(w->ask.id, id);
	strcpy(w->ask.path, path);
	w->ask.path_len = (__u32)strlen(path);
}

static inline int keep_now(struct world *w)
{
	w->reply = (struct quarantine_reply){ 0 };
	return keep_object(&w->ask, &w->reply);
}

static inline int keep(struct world *w, const char *id, const char *path)
{
	ask_about(w, id, path);
	return keep_now(w);
}

/* After a keep: w->ask asks for what it kept. */
static inline int restore(struct world *w, const char *id)
{
	strcpy(w->ask.id, id);
	if (*w->reply.store)
		strcpy(w->ask.store, w->reply.store);
	return keep_restore(&w->ask, &w->reply);
}

static inline int purge(struct world *w, const char *id)
{
	strcpy(w->ask.id, id);
	if (*w->reply.store)
		strcpy(w->ask.store, w->reply.store);
	return keep_purge(&w->ask, &w->reply);
}

/* Objects in the store and what is said about them; -1: there is no store. */
static inline int kept_count(const struct world *w)
{
	own_dir DIR *d = opendir(at(w, CVF_QUARANTINE_DIR));
	int n = 0;

	if (!d)
		return -1;
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	return n;
}

#endif
