/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert_store.h - the one alert that cannot be written down while it is true: the store fails
 *
 * It is kept here and shown from here, and becomes a row, with the moment it began, as soon as rows can be written again.
 */
#ifndef CVF_ALERT_STORE_H
#define CVF_ALERT_STORE_H

#include "alert_table.h"
#include "govern/govern.h"

#define ALERT_STORE_KIND "store"

/* Every second. true: there is something to write. */
bool alert_store_look(struct governor *g, int64_t now_ms);
/* Inside a transaction. */
int alert_store_write(struct governor *g) must_check;
/* While it fails; strings are borrowed until the next look. */
bool alert_store_now(struct alert *ret);

#endif
