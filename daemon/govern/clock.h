/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - the three clocks: what the kernel stamps (boot time), what people read (UTC), and which boot this is
 */
#ifndef CVF_CLOCK_H
#define CVF_CLOCK_H

#include <stdint.h>

#include "core/own.h"

#define BOOT_ID_SIZE 33	/* 32 hex digits and a NUL */

uint64_t clock_boot_ns(void);
/* The same clock in milliseconds: for how long something takes or lasts, whatever the wall clock does. */
int64_t clock_boot_ms(void);
int64_t clock_utc_ms(void);
/* Remembers what both clocks say, for the next one. */
void clock_open(void);
/*
 * UTC by which things are too old to be kept: the lesser of what the wall clock says and what it would say had nobody set it
 * since clock_open(). Set ahead, it would otherwise empty the store; set back, it keeps more.
 */
int64_t clock_age_ms(void);
/*
 * What the wall clock would say had nobody set it since clock_open(): for what waits or lasts over a restart, and must become
 * neither shorter nor longer when the clock is set.
 */
int64_t clock_steady_ms(void);
/* UTC of a boot time stamp, by the offset between the two clocks as it is now. */
int64_t clock_utc_of_boot(uint64_t boot_ns);
/* Boot time of a UTC moment, never 0: 0 means "never" in the kernel's tables. */
uint64_t clock_boot_of_utc(int64_t utc_ms);
int clock_boot_id(char ret_id[BOOT_ID_SIZE]) must_check;

#endif
