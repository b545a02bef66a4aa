// SPDX-License-Identifier: Apache-2.0
#include "proc.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

bool proc_line(const char *path, char *line, size_t size)
{
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, line, size - 1);

	if (n < 0)
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return true;
}

/*
 * "PID (NAME) STATE PARENT GROUP SESSION TTY ..."; the name may hold anything, so it ends at the last
 * bracket.
 */
bool proc_read(pid_t pid, struct proc *ret)
{
	char path[64], line[1024];
	const char *name, *after;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (!proc_line(path, line, sizeof(line)))
		return false;
	name = strchr(line, '(');
	after = strrchr(line, ')');
	if (!name || !after ||
	    sscanf(after, ") %c %d %d %*d %d", &ret->state, &ret->parent, &ret->group, &ret->tty) != 4)
		return false;
	snprintf(ret->name, sizeof(ret->name), "%.*s", (int)(after - name - 1), name + 1);
	return true;
}

bool proc_catches(pid_t pid, int signal)
{
	char path[64], line[256];
	own_file FILE *in = NULL;
	unsigned long long caught = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "SigCgt: %llx", &caught) == 1)
			break;
	return caught >> (signal - 1) & 1;
}

bool proc_in_exec(pid_t pid)
{
	char path[64], line[256];
	long number;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	/*
	 * A stopped task has left the call, yet its registers still name it: that is what will be restarted.
	 */
	return proc_line(path, line, sizeof(line)) && sscanf(line, "%ld", &number) == 1 &&
	       (number == SYS_execve || number == SYS_execveat);
}

void proc_each(bool (*each)(void *ctx, pid_t pid), void *ctx)
{
	own_dir DIR *proc = opendir("/proc");
	const struct dirent *one;

	while (proc && (one = readdir(proc)))
		if (isdigit((unsigned char)one->d_name[0]) &&
		    !each(ctx, (pid_t)strtol(one->d_name, NULL, 10)))
			return;
}
