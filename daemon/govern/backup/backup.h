/* SPDX-License-Identifier: Apache-2.0 */
/* backup.h - GET /v1/store/backup: the whole store as one file, while it is written to */
#ifndef CVF_BACKUP_H
#define CVF_BACKUP_H

#include "api/route.h"
#include "govern/govern.h"

extern const struct routes backup_routes;

/* Copies that a backup or a restore which was cut short has left in the directory of the store. */
void backup_clean(const struct governor *g);

#endif
