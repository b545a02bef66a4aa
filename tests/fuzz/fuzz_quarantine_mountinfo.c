// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_quarantine_mountinfo.c - any bytes as a line of /proc/PID/mountinfo: no mount, or one whose texts end
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/own.h"
#include "quarantine/mountinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_free char *line = malloc(size + 1);
	static struct mount m;

	assert(line);
	memcpy(line, data, size);
	line[size] = 0;
	memset(&m, 'x', sizeof(m));
	if (mountinfo_parse(line, &m) == 0) {
		assert(memchr(m.type, 0, sizeof(m.type)) && memchr(m.root, 0, sizeof(m.root)) && memchr(m.point, 0, sizeof(m.point)));
		assert(*m.point);
	}
	return 0;
}
