// SPDX-License-Identifier: Apache-2.0
/* terminal.c - see terminal.h */
#include "terminal.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <utmpx.h>

#include "core/own.h"

#define FIELD_MAX 200	/* bytes of one text that an agent chose */

/* What a terminal would take as a command, and whatever is not ASCII, is shown as what it is. */
static void put_text(FILE *out, const json_t *value)
{
	const char *text = json_is_string(value) ? json_string_value(value) : "?";
	size_t n = 0;

	for (; *text && n < FIELD_MAX; text++, n++) {
		if (*text >= ' ' && *text <= '~' && *text != '\\')
			fputc(*text, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*text);
	}
	if (*text)
		fputs("...", out);
}

static void put_fields(FILE *out, const char *format, const json_t *data)
{
	for (; *format; format++) {
		char name[24];
		size_t n = strcspn(format, "}");

		if (*format != '{' || n > sizeof(name)) {
			fputc(*format, out);
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)n - 1, format + 1);
		put_text(out, json_object_get(data, name));
		format += n;
	}
}

static const struct {
	const char *type, *format;
} texts[] = {
	{ "cvf.approval.requested", "CVF: agent {agent} waits until {expires_at} for an approval: {risk}, {capability}\r\n"
				    "     {operation} {object}\r\n     cvfctl approvals show {id}\r\n" },
	{ "cvf.approval.escalated", "CVF: nobody has answered: agent {agent} waits until {expires_at}: {risk}, {capability}\r\n"
				    "     {operation} {object}\r\n     cvfctl approvals show {id}\r\n" },
	{ "cvf.approval.ended", "CVF: {state}: {operation} {object} of agent {agent}\r\n" },
};

char *terminal_text(const json_t *notice)
{
	const char *type = json_string_value(json_object_get(notice, "type"));
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("\r\n\a", out);
	for (size_t i = 0; type && i < ARRAY_SIZE(texts); i++)
		if (strcmp(texts[i].type, type) == 0)
			put_fields(out, texts[i].format, json_object_get(notice, "data"));
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static bool is_one_of(const json_t *people, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(people, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
			return true;
	return false;
}

static bool write_to(const char *line, const char *user, const char *text)
{
	const struct passwd *pw = getpwnam(user);
	own_free char *path = NULL;
	own_fd int fd = -1;
	struct stat s;

	if (!pw || strstr(line, "..") || asprintf(&path, "/dev/%s", line) < 0)
		return false;
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &s) < 0 || !S_ISCHR(s.st_mode) || !isatty(fd) || s.st_uid != pw->pw_uid || !(s.st_mode & S_IWGRP))
		return false;
	return write(fd, text, strlen(text)) > 0;
}

unsigned int terminal_tell(const char *utmp, const json_t *people, const char *text)
{
	const struct utmpx *u;
	unsigned int told = 0;

	utmpxname(utmp);
	setutxent();
	while ((u = getutxent())) {
		char line[sizeof(u->ut_line) + 1], user[sizeof(u->ut_user) + 1];

		if (u->ut_type != USER_PROCESS)
			continue;
		snprintf(line, sizeof(line), "%.*s", (int)sizeof(u->ut_line), u->ut_line);
		snprintf(user, sizeof(user), "%.*s", (int)sizeof(u->ut_user), u->ut_user);
		told += is_one_of(people, user) && write_to(line, user, text);
	}
	endutxent();
	return told;
}
