// SPDX-License-Identifier: Apache-2.0
/* clock.c - see clock.h */
#include "clock.h"

#include <ctype.h>
#include <time.h>

#define NS_PER_MS 1000000

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
