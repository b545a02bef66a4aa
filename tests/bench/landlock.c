// SPDX-License-Identifier: Apache-2.0
/*
 * landlock.c - for the comparison: a program inside of a Landlock domain
 *
 * Usage: landlock FOLDER COMMAND...   everything may be read and executed, and below FOLDER everything done. Callers:
 * alternatives.sh, in the machine.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READS (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* Of 6.1: the second version, up to LANDLOCK_ACCESS_FS_REFER. */
#define ALL ((1ull << 14) - 1)

static int allow(int rules, const char *path, unsigned long long access)
{
	struct landlock_path_beneath_attr below = { .allowed_access = access, .parent_fd = open(path, O_PATH | O_CLOEXEC) };

	return below.parent_fd < 0 ? -1 : (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
}

int main(int argc, char **argv)
{
	struct landlock_ruleset_attr handled = { .handled_access_fs = ALL };
	int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled.handled_access_fs), 0);

	if (argc < 3 || rules < 0 || allow(rules, "/", READS) || allow(rules, argv[1], ALL) ||
	    allow(rules, "/dev/null", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_landlock_restrict_self, rules, 0)) {
		perror("landlock");
		return 1;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
