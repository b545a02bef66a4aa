/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc.h - what /proc says of a process
 */
#ifndef CVF_CLI_PROC_H
#define CVF_CLI_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/own.h"

struct proc {
	char state;	/* 'R', 'S', 'T' (stopped), 'Z' ... */
	pid_t parent, group;
	int tty;	/* 0: no terminal */
	char name[32];
};

/* The first line of a file; false: unreadable. */
bool proc_line(const char *path, char *line, size_t size);
bool proc_read(pid_t pid, struct proc *ret);
/* It has a handler for the signal. */
bool proc_catches(pid_t pid, int signal);
/* Its last system call is an exec that has not succeeded yet. */
bool proc_in_exec(pid_t pid);
/* Calls each for every process until it returns false. */
void proc_each(bool (*each)(void *ctx, pid_t pid), void *ctx);

#endif
