// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_notify_config.c - any text as the cvfd.json of cvfd-notify: what comes out may be reached, or may be run
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/log.h"
#include "core/own.h"
#include "notify/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_fd int fd = memfd_create("config", MFD_CLOEXEC);
	struct config c = { 0 };
	char path[32];

	log_open("fuzz", -1); /* it says what it leaves out */
	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (config_load(path, &c) < 0)
		return 0;
	for (size_t i = 0; i < c.n; i++) {
		assert(c.v[i].name && c.v[i].secret_size <= sizeof(c.v[i].secret));
		assert(c.v[i].is_terminals || c.v[i].place);
		assert(c.v[i].is_terminals || c.v[i].is_command || config_may_reach(c.v[i].place));
		assert(config_find(&c, c.v[i].name));
	}
	config_done(&c);
	return 0;
}
