/* SPDX-License-Identifier: Apache-2.0 */
/*
 * say.h - exit codes, and the one way to tell a person that something did not work: what, why, and what to do
 * next
 */
#ifndef CVF_CLI_SAY_H
#define CVF_CLI_SAY_H

#include "core/own.h"

/* Stable: scripts depend on them. Named so as not to collide with EXIT_FAILURE of <stdlib.h>. */
enum status {
	DONE = 0,
	REFUSED = 1,		/* refused or failed */
	USAGE = 2,
	NOT_FOUND = 3,
	NO_DAEMON = 4,
	NOT_PERMITTED = 5,
};

/* Prints "cvfctl: MESSAGE\n    HINT\n" on stderr, both escaped; hint may be NULL. Returns status. */
int say_fail(int status, const char *hint, const char *format, ...) printf_like(3, 4);
int say_no_memory(void);
/* A part of a line on stdout, escaped: our own sentence that quotes what was typed or what the daemon says. */
void say_part(const char *format, ...) printf_like(1, 2);
void say_line(const char *format, ...) printf_like(1, 2);	/* the same, to the end of the line */

#endif
