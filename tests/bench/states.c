// SPDX-License-Identifier: Apache-2.0
/*
 * states.c - make cost: what the verifier says of each program that cvfd loads
 *
 * Loaded before cvfd (LD_PRELOAD): libbpf loads programs by syscall(2), and here the verifier's statistics are asked for and
 * added to the file in CVF_STATES: program, instructions processed, states, states at once, instructions of the program.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* BPF_LOG_STATS of the kernel's own headers. */
#define STATISTICS 4

typedef long (*call_fn)(long number, ...);

static unsigned long number_after(const char *log, const char *word)
{
	const char *at = strstr(log, word);

	return at ? strtoul(at + strlen(word), NULL, 10) : 0;
}

static void note(const union bpf_attr *attr, const char *log)
{
	FILE *to = fopen(getenv("CVF_STATES"), "a");

	if (!to)
		return;
	fprintf(to, "%s %lu %lu %lu %u\n", attr->prog_name, number_after(log, "processed "), number_after(log, "total_states "),
		number_after(log, "peak_states "), attr->insn_cnt);
	fclose(to);
}

static long load(call_fn real, union bpf_attr *attr, unsigned long size)
{
	static char log[1 << 16];
	long fd;

	attr->log_level = STATISTICS;
	attr->log_buf = (unsigned long)log;
	attr->log_size = sizeof(log);
	log[0] = 0;
	fd = real(SYS_bpf, BPF_PROG_LOAD, attr, size);
	if (fd >= 0)
		note(attr, log);
	return fd;
}

long syscall(long number, ...)
{
	call_fn real = (call_fn)dlsym(RTLD_NEXT, "syscall");
	unsigned long a[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, unsigned long);
	va_end(args);
	if (number == SYS_bpf && a[0] == BPF_PROG_LOAD && getenv("CVF_STATES") && !((union bpf_attr *)a[1])->log_level)
		return load(real, (union bpf_attr *)a[1], a[2]);
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
