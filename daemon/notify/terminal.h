/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminal.h - a few lines to the terminals at which somebody is logged in, as wall(1) does, but only to the people named
 *
 * A terminal is written to when utmp says that it is a person's, it belongs to that user, and the user lets others write
 * (mesg y). Nothing waits for it: a terminal that takes nothing is passed over.
 */
#ifndef CVF_NOTIFY_TERMINAL_H
#define CVF_NOTIFY_TERMINAL_H

#include <jansson.h>

/* The text for a notice of the governor, printable ASCII and ends of lines alone; malloc'ed, NULL: no memory. */
char *terminal_text(const json_t *notice);
/* utmp: its file. The number of terminals that took it. */
unsigned int terminal_tell(const char *utmp, const json_t *people, const char *text);

#endif
