// SPDX-License-Identifier: Apache-2.0
#include "mountinfo.h"

#include <string.h>

#define MINOR_BITS 20

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Takes \040 and its like back. -EINVAL: an escape that says NUL. -ENAMETOOLONG: longer than is ever judged. */
static int unescape(const char *from, char *to)
{
	size_t n = 0;

	for (; *from; from++) {
		char c = *from;

		if (n == CVF_PATH_MAX)
			return -ENAMETOOLONG;
		if (c == '\\' && is_octal(from[1]) && is_octal(from[2]) && is_octal(from[3])) {
			c = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 3;
			if (!c)
				return -EINVAL;
		}
		to[n++] = c;
	}
	to[n] = 0;
	return *to == '/' ? 0 : -EINVAL;
}

static bool has_option(const char *options, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = options; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncmp(p, word, n) && (p[n] == ',' || !p[n]))
			return true;
	return false;
}

/* "36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw": see proc(5) */
int mountinfo_parse(char *line, struct mount *ret)
{
	enum { ID, PARENT, DEVICE, ROOT, POINT, OPTIONS, FIXED };
	char *words[FIXED], *next = line, *word;
	unsigned int major, minor;
	int r;

	line[strcspn(line, "\n")] = 0;
	for (int i = 0; i < FIXED; i++) {
		words[i] = strsep(&next, " ");
		if (!words[i] || !*words[i])
			return -EINVAL;
	}
	while ((word = strsep(&next, " ")) && strcmp(word, "-"))
		;
	word = word ? strsep(&next, " ") : NULL;
	if (!word || sscanf(words[ID], "%llu", &ret->id) != 1 || sscanf(words[DEVICE], "%u:%u", &major, &minor) != 2)
		return -EINVAL;
	if (minor >> MINOR_BITS || major >> (32 - MINOR_BITS))
		return -EINVAL;
	ret->device = major << MINOR_BITS | minor;
	ret->is_read_only = has_option(words[OPTIONS], "ro");
	snprintf(ret->type, sizeof(ret->type), "%s", word);
	r = unescape(words[ROOT], ret->root);
	return r < 0 ? r : unescape(words[POINT], ret->point);
}

int mountinfo_next(FILE *f, struct mount *ret)
{
	own_free char *line = NULL;
	size_t room = 0;

	errno = 0;
	while (getline(&line, &room, f) >= 0)
		if (mountinfo_parse(line, ret) == 0)
			return 1;
	return ferror(f) ? -EIO : 0;
}

int mountinfo_each(int (*visit)(const struct mount *m, void *ctx), void *ctx)
{
	own_free struct mount *m = malloc(sizeof(*m)); /* two paths are too much for a stack */
	own_file FILE *f = fopen("/proc/self/mountinfo", "re");
	int r;

	if (!m)
		return -ENOMEM;
	if (!f)
		return -errno;
	while ((r = mountinfo_next(f, m)) > 0) {
		r = visit(m, ctx);
		if (r)
			return r;
	}
	return r;
}

int mountinfo_find(unsigned int pid, __u64 id, struct mount *ret)
{
	char path[32] = "/proc/self/mountinfo";
	own_file FILE *f = NULL;
	int r;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%u/mountinfo", pid);
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT || errno == EINVAL ? -ESRCH : -errno;
	while ((r = mountinfo_next(f, ret)) > 0)
		if (ret->id == id)
			return 0;
	return r < 0 ? r : -ENOENT;
}
