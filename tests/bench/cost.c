// SPDX-License-Identifier: Apache-2.0
/* cost.c - make cost: what the verifier had to do for each program, from the pinned programs of a running cvfd */
#include <bpf/bpf.h>
#include <dirent.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	DIR *dir = opendir("/sys/fs/bpf/cvf");
	unsigned long verified = 0, programs = 0;
	struct dirent *e;
	char path[512];

	while (dir && (e = readdir(dir))) {
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);
		int fd;

		if (strncmp(e->d_name, "prog_", 5))
			continue;
		snprintf(path, sizeof(path), "/sys/fs/bpf/cvf/%s", e->d_name);
		fd = bpf_obj_get(path);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
			return 1;
		close(fd);
		printf("%-28s verified %6u instructions %5u\n", e->d_name + 5, info.verified_insns, info.xlated_prog_len / 8);
		verified += info.verified_insns;
		programs++;
	}
	printf("%lu programs, %lu instructions verified\n", programs, verified);
	return programs ? 0 : 1;
}
