// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_core_log.c - a log line that quotes any bytes: one line of UTF-8 in which nothing deceives a reader
 */
#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "core/log.h"
#include "core/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t logged(const char *text, char *line, size_t room)
{
	int real = dup(STDERR_FILENO), file = memfd_create("log", MFD_CLOEXEC);
	ssize_t n;

	assert(real >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
	log_error("%s", text);
	n = pread(file, line, room, 0);
	assert(n > 0 && dup2(real, STDERR_FILENO) >= 0);
	close(real);
	close(file);
	return (size_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_free char *text = strndup((const char *)data, size);
	char line[8192];
	size_t left = logged(text, line, sizeof(line)) - 1, n;
	uint32_t c;

	assert(left < 4096 && line[left] == '\n');
	for (const char *at = line; left; at += n, left -= n) {
		n = utf8_decode(at, left, &c);
		assert(n && !utf8_is_unseen(c));
	}
	return 0;
}
