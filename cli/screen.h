/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen.h - a terminal that shows one page which changes: only what changed is written to it, and however this program ends, it
 * is left as it was found
 *
 * The page must already be safe to show (escape.h).
 */
#ifndef CVF_CLI_SCREEN_H
#define CVF_CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/own.h"

struct screen;

/* Takes over the terminal of standard output until screen_free(), or until a signal ends or stops the program. */
struct screen *screen_new(void);	/* NULL: out of memory */
void screen_free(struct screen *s);
OWN_DEFINE(screen);

void screen_size(size_t *ret_lines, size_t *ret_columns);
/* Shows lines of text that end in "\n", cut to the size of the terminal. */
void screen_show(struct screen *s, const char *text);
/* Waits; true: somebody pressed q, or there is no terminal any more. Returns early when the size changed. */
bool screen_wait(struct screen *s, int ms);

#endif
