/* SPDX-License-Identifier: Apache-2.0 */
/* prompt.h - a secret word asked for on the terminal, and not shown */
#ifndef CVF_CLI_PROMPT_H
#define CVF_CLI_PROMPT_H

#include "core/own.h"

#define PROMPT_MAX 64

/*
 * Asks on the controlling terminal, whatever standard input and output are. 0 with what was typed, without the end of the line;
 * -ENXIO: there is no terminal;
 * -ECANCELED: nothing was typed.
 */
int prompt_secret(const char *question, char ret_text[PROMPT_MAX]) must_check;

#endif
