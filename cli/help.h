/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CVF_CLI_HELP_H
#define CVF_CLI_HELP_H

#include <stdio.h>

struct verb;

/* Help of everything (noun NULL), of a noun's verbs (verb NULL) or of one verb. */
void help_print(FILE *out, const char *noun, const struct verb *verb);

#endif
