// SPDX-License-Identifier: Apache-2.0
#include "say.h"

#include "escape.h"

#include <stdarg.h>
#include <string.h>

int say_fail(int status, const char *hint, const char *format, ...)
{
	own_free char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		text = NULL;
	fputs("cvfctl: ", stderr);
	escape_line(stderr, text ? text : "out of memory", text ? (size_t)n : strlen("out of memory"));
	fputc('\n', stderr);
	if (hint) {
		fputs("    ", stderr);
		escape_line(stderr, hint, strlen(hint));
		fputc('\n', stderr);
	}
	return status;
}

static void put(const char *format, va_list args)
{
	own_free char *text = NULL;
	int n = vasprintf(&text, format, args);

	if (n >= 0)
		escape_line(stdout, text, (size_t)n);
	else
		text = NULL;
}

void say_part(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(format, args);
	va_end(args);
}

void say_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(format, args);
	va_end(args);
	putchar('\n');
}

int say_no_memory(void)
{
	return say_fail(REFUSED, NULL, "out of memory");
}
