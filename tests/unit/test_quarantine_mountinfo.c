// SPDX-License-Identifier: Apache-2.0
/*
 * test_quarantine_mountinfo.c - lines of /proc/PID/mountinfo: what is read from them, and what is no such line
 *
 * To add a case: a row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quarantine/mountinfo.h"

static const struct {
	const char *line;
	__u64 id;
	__u32 device;
	bool is_read_only;
	const char *type, *root, *point;
} sound[] = {
	{ "36 35 98:7 / / rw,noatime - ext4 /dev/root rw\n", 36, 98 << 20 | 7, false, "ext4", "/", "/" },
	{ "36 35 0:1048575 /sub /mnt ro,nosuid master:1 shared:2 - tmpfs x rw", 36, 1048575, true, "tmpfs", "/sub", "/mnt" },
	{ "1 1 8:1 /a\\040b\\134040 /c\\011d\\012e rw - btrfs /dev/x ro", 1, 8 << 20 | 1, false, "btrfs", "/a b\\040", "/c\td\ne" },
	{ "1 1 8:1 /\\303\\244 /x rw,errors=remount-ro - xfs /dev/x ro", 1, 8 << 20 | 1, false, "xfs", "/\303\244", "/x" },
	{ "1 1 8:1 /\\9\\12 /x\\ rw - xfs y rw", 1, 8 << 20 | 1, false, "xfs", "/\\9\\12", "/x\\" },
};

static const char *const unsound[] = {
	"",
	"\n",
	"36 35 98:7 / / rw,noatime",
	"36 35 98:7 / / rw,noatime -",
	"36 35 98:7 / rw - ext4 x rw",
	"x 35 98:7 / / rw - ext4 x rw",
	"36 35 98-7 / / rw - ext4 x rw",
	"36 35 98:1048576 / / rw - ext4 x rw",
	"36 35 4096:1 / / rw - ext4 x rw",
	"36 35 98:7 sub / rw - ext4 x rw",
	"36 35 98:7 / mnt rw - ext4 x rw",
	"36 35 98:7 /a\\000b / rw - ext4 x rw",
};

static void sound_lines_are_read(void **state)
{
	static struct mount m;
	char line[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sound); i++) {
		strcpy(line, sound[i].line);
		assert_int_equal(mountinfo_parse(line, &m), 0);
		assert_int_equal(m.id, sound[i].id);
		assert_int_equal(m.device, sound[i].device);
		assert_int_equal(m.is_read_only, sound[i].is_read_only);
		assert_string_equal(m.type, sound[i].type);
		assert_string_equal(m.root, sound[i].root);
		assert_string_equal(m.point, sound[i].point);
	}
}

static void others_are_refused(void **state)
{
	static struct mount m;
	char line[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unsound); i++) {
		strcpy(line, unsound[i]);
		assert_int_equal(mountinfo_parse(line, &m), -EINVAL);
	}
}

static void a_path_of_any_length_fits_or_is_refused(void **state)
{
	static struct mount m;
	char line[2 * CVF_PATH_MAX + 64], path[CVF_PATH_MAX + 2];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[CVF_PATH_MAX] = 0;
	snprintf(line, sizeof(line), "1 1 8:1 %s / rw - xfs y rw", path);
	assert_int_equal(mountinfo_parse(line, &m), 0);
	assert_string_equal(m.root, path);
	path[CVF_PATH_MAX] = 'a';
	path[CVF_PATH_MAX + 1] = 0;
	snprintf(line, sizeof(line), "1 1 8:1 %s / rw - xfs y rw", path);
	assert_int_equal(mountinfo_parse(line, &m), -ENAMETOOLONG);
}

static void an_unsound_line_hides_no_other(void **state)
{
	static struct mount m;
	char text[] = "rubbish\n2 1 8:1 / /a rw - xfs y rw\n\n3 1 8:1 / /b rw - xfs y rw";
	own_file FILE *f = fmemopen(text, strlen(text), "r");

	(void)state;
	assert_int_equal(mountinfo_next(f, &m), 1);
	assert_string_equal(m.point, "/a");
	assert_int_equal(mountinfo_next(f, &m), 1);
	assert_string_equal(m.point, "/b");
	assert_int_equal(mountinfo_next(f, &m), 0);
}

static void our_own_is_found_and_no_other_process(void **state)
{
	static struct mount m;

	(void)state;
	assert_int_equal(mountinfo_find(0, UINT64_MAX, &m), -ENOENT);
	assert_int_equal(mountinfo_find(4194305, 1, &m), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_lines_are_read),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(a_path_of_any_length_fits_or_is_refused),
		cmocka_unit_test(an_unsound_line_hides_no_other),
		cmocka_unit_test(our_own_is_found_and_no_other_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
