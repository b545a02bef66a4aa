/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep.h - what can be asked of the quarantine: keep, put back, remove
 *
 * An ask must have been checked (serve.c): ends of strings, id. Each fills the reply and returns its error.
 */
#ifndef CVF_QUARANTINE_KEEP_H
#define CVF_QUARANTINE_KEEP_H

#include "../core/own.h"
#include "cvf/quarantine.h"

/* Errors: struct quarantine_reply. What failed leaves nothing behind. */
int keep_object(const struct quarantine_ask *ask, struct quarantine_reply *reply) must_check;
int keep_restore(const struct quarantine_ask *ask, struct quarantine_reply *reply) must_check;
int keep_purge(const struct quarantine_ask *ask, struct quarantine_reply *reply) must_check;

#endif
