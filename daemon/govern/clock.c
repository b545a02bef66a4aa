// SPDX-License-Identifier: Apache-2.0
/* clock.c - see clock.h */
#include "clock.h"

#include <ctype.h>
#include <stdbool.h>
#include <time.h>

#include "core/log.h"

#define NS_PER_MS 1000000
#define JUMP_MS 3600000	/* worth a word */

static struct {
	int64_t offset_ms;	/* of the wall clock to boot time, as it was then */
	int64_t told_ms;	/* as it was when it was spoken of last */
	bool is_open;
} kept;

static int64_t read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

uint64_t clock_boot_ns(void)
{
	return (uint64_t)read_ns(CLOCK_BOOTTIME);
}

int64_t clock_boot_ms(void)
{
	return read_ns(CLOCK_BOOTTIME) / NS_PER_MS;
}

int64_t clock_utc_ms(void)
{
	return read_ns(CLOCK_REALTIME) / NS_PER_MS;
}

void clock_open(void)
{
	kept.offset_ms = kept.told_ms = clock_utc_ms() - clock_boot_ms();
	kept.is_open = true;
}

static void tell_jump(int64_t offset_ms)
{
	int64_t moved_ms = offset_ms - kept.told_ms;

	if (moved_ms <= JUMP_MS && moved_ms >= -JUMP_MS)
		return;
	kept.told_ms = offset_ms;
	log_warning("the wall clock was moved by %lld s: what is kept for a time is kept as if it had not been, until the next start",
		    (long long)moved_ms / 1000);
}

int64_t clock_steady_ms(void)
{
	return kept.is_open ? kept.offset_ms + clock_boot_ms() : clock_utc_ms();
}

int64_t clock_age_ms(void)
{
	int64_t utc_ms = clock_utc_ms(), steady_ms = clock_steady_ms();

	if (!kept.is_open)
		return utc_ms;
	tell_jump(utc_ms - clock_boot_ms());
	return utc_ms < steady_ms ? utc_ms : steady_ms;
}

int64_t clock_utc_of_boot(uint64_t boot_ns)
{
	return (read_ns(CLOCK_REALTIME) - read_ns(CLOCK_BOOTTIME)) / NS_PER_MS + (int64_t)(boot_ns / NS_PER_MS);
}

uint64_t clock_boot_of_utc(int64_t utc_ms)
{
	int64_t ns = (utc_ms - clock_utc_ms()) * NS_PER_MS + read_ns(CLOCK_BOOTTIME);

	return ns > 0 ? (uint64_t)ns : 1;
}

int clock_boot_id(char ret_id[BOOT_ID_SIZE])
{
	own_file FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	size_t n = 0;
	int c;

	if (!f)
		return -errno;
	while (n < BOOT_ID_SIZE - 1 && (c = fgetc(f)) != EOF)
		if (isxdigit(c))
			ret_id[n++] = (char)c;
	ret_id[n] = 0;
	return n == BOOT_ID_SIZE - 1 ? 0 : -EIO;
}
