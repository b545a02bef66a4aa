// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_govern_settings.c - any text as cvfd.json: refused with a place and the strict defaults, or settings within their bounds
 */
#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "govern/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_fd int fd = memfd_create("settings", MFD_CLOEXEC);
	struct settings s;
	struct diags d = { 0 };
	char path[32];
	int r;

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = settings_load(path, &s, &d);
	assert(r < 0 ? d.errors > 0 || r == -ENOMEM : !d.errors);
	for (size_t i = 0; i < d.n; i++)
		assert(d.v[i].message);
	if (r < 0)
		assert(!s.principals_count && s.on_miss == ON_MISS_FREEZE && !s.self_approval);
	assert(s.grant_default_s > 0 && s.grant_max_s > 0 && s.use_s > 0);
	settings_done(&s);
	diags_done(&d);
	return 0;
}
