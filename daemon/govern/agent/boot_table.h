/* SPDX-License-Identifier: Apache-2.0 */
/* boot_table.h - boots of this host that left records */
#ifndef CVF_BOOT_TABLE_H
#define CVF_BOOT_TABLE_H

#include <stdint.h>

#include "govern/clock.h"
#include "store/store.h"

/* The number of a boot, made if it is new. */
int boot_table_get(struct store *s, const char *boot_id, int64_t now_ms, int64_t *ret_boot) must_check;
/* The boot id of a number; empty text: none such. */
int boot_table_id(struct store *s, int64_t boot, char ret_id[BOOT_ID_SIZE]) must_check;

#endif
