// SPDX-License-Identifier: Apache-2.0
/*
 * i_abi.c - makes the pinned programs those of another version, as an upgrade across CVF_ABI finds them
 *
 * Adds its argument to the version that the pinned state carries, and prints what it is then.
 */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cvf/abi.h"

int main(int argc, char **argv)
{
	union bpf_attr attr = { .pathname = (uintptr_t) "/sys/fs/bpf/cvf/state" };
	struct cvf_control *control;
	int fd = (int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));

	if (argc != 2 || fd < 0)
		return perror("i_abi: the pinned state"), 1;
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (control == MAP_FAILED)
		return perror("i_abi: mmap"), 1;
	control->abi += (uint32_t)atoi(argv[1]);
	printf("%u\n", control->abi);
	return 0;
}
