// SPDX-License-Identifier: Apache-2.0
/*
 * log.c - one write(2) per line, so that lines of two processes never mix; no allocation, safe after any failure
 */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "utf8.h"

#define LINE_MAX_BYTES 2048

static const char *log_program = "cvf";
static int log_level = LOG_INFO;
static bool log_is_journal;

/* $JOURNAL_STREAM is "device:inode" of the journal's socket; standard error may have been redirected since. */
static bool stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (!text || sscanf(text, "%llu:%llu", &device, &inode) != 2 || fstat(STDERR_FILENO, &st) < 0)
		return false;
	return st.st_dev == device && st.st_ino == inode;
}

void log_open(const char *program, int max_level)
{
	log_program = program;
	log_level = max_level;
	log_is_journal = stderr_is_journal();
}

/* What would move the cursor of who reads it, hide a part or look like another line comes out as \xNN, byte by byte. */
static size_t escape(const char *from, char *to, size_t room)
{
	size_t left = strlen(from), used = 0, n;

	for (; left && used + 17 < room; from += n, left -= n) {
		uint32_t c;

		n = utf8_decode(from, left, &c);
		if (n && !utf8_is_unseen(c)) {
			memcpy(to + used, from, n);
			used += n;
			continue;
		}
		n = n ? n : 1;
		for (size_t i = 0; i < n; i++)
			used += (size_t)snprintf(to + used, room - used, "\\x%02x", (unsigned char)from[i]);
	}
	return used;
}

void log_at(int level, const char *format, ...)
{
	char text[LINE_MAX_BYTES], line[2 * LINE_MAX_BYTES];
	int saved = errno;
	va_list args;
	size_t n;

	if (level > log_level)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	n = log_is_journal ? (size_t)snprintf(line, sizeof(line), "<%d>", level)
			   : (size_t)snprintf(line, sizeof(line), "%s: ", log_program);
	n += escape(text, line + n, sizeof(line) - n - 1);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0) {
		/* nobody left to tell */
	}
	errno = saved;
}
