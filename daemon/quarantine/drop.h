/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drop.h - gives up every privilege but those over files, and checks that they are gone
 */
#ifndef CVF_QUARANTINE_DROP_H
#define CVF_QUARANTINE_DROP_H

#include "../core/own.h"

/*
 * Stays root without root's power: only the capabilities of drop.c, an empty bounding set, no new privileges, not dumpable,
 * and a list of system calls. 0, or negative errno after saying which part did not take.
 */
int drop_to_files(void) must_check;

#endif
