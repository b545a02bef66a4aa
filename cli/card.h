/* SPDX-License-Identifier: Apache-2.0 */
/*
 * card.h - one hold, complete, for the person who must answer it
 */
#ifndef CVF_CLI_CARD_H
#define CVF_CLI_CARD_H

#include <jansson.h>
#include <stdio.h>
#include <time.h>

void card_print(FILE *out, const json_t *hold, time_t now);

#endif
