/* SPDX-License-Identifier: Apache-2.0 */
/* govern.h - the governor, asked over its control socket what is to be told, and told what came of it */
#ifndef CVF_NOTIFY_GOVERN_H
#define CVF_NOTIFY_GOVERN_H

#include <jansson.h>
#include <stdbool.h>

#include "core/own.h"

struct govern;
int govern_open(const char *socket, struct govern **ret_govern) must_check;
void govern_free(struct govern *g);
/* What is due, an array; NULL: it cannot be asked (said once). A new reference. */
json_t *govern_due(struct govern *g);
/* error: NULL when it was sent. False: it could not be said; the notice comes again. */
bool govern_tell(struct govern *g, const char *id, const char *error);

#endif
