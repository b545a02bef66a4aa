// SPDX-License-Identifier: Apache-2.0
/*
 * load.c - declarations from files and folders
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "json/doc.h"
#include "policy/policy.h"

static int complain(struct diags *d, const char *path, const char *hint, const char *what, int error)
{
	diags_add(d, DIAG_ERROR, path, 0, 0, hint, "%s: %s", what, strerror(error));
	return -EINVAL;
}

/* The whole file, or one byte more than is allowed, which the parser then refuses. */
static int read_file(const char *path, struct diags *d, char **ret_text, size_t *ret_size)
{
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	own_free char *text = NULL;
	size_t size = 0;
	struct stat st;
	ssize_t n = 1;

	if (fd < 0)
		return complain(d, path, NULL, "cannot be opened", errno);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return complain(d, path, NULL, "is not a plain file", EINVAL);
	text = malloc(JSON_TEXT_MAX + 1);
	if (!text)
		return -ENOMEM;
	while (n > 0 && size < JSON_TEXT_MAX + 1) {
		n = read(fd, text + size, JSON_TEXT_MAX + 1 - size);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return complain(d, path, NULL, "cannot be read", errno);
		else
			size += (size_t)n;
	}
	*ret_text = TAKE(text);
	*ret_size = size;
	return 0;
}

int model_load_file(struct model *m, const char *path, unsigned int allowed, bool builtin, struct diags *d)
{
	own_free char *text = NULL;
	size_t size;
	int r = read_file(path, d, &text, &size);

	return r < 0 ? r : model_load_text(m, text, size, path, allowed, builtin, d);
}

static int is_declaration(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".json") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int model_load_dir(struct model *m, const char *path, unsigned int allowed, bool builtin, struct diags *d)
{
	struct dirent **names;
	int n = scandir(path, &names, is_declaration, by_bytes), worst = 0;

	if (n < 0)
		return errno == ENOENT	 ? 0
		       : errno == ENOMEM ? -ENOMEM
					 : complain(d, path, NULL, "cannot be listed", errno);
	for (int i = 0; i < n; i++) {
		own_free char *file = NULL;
		int r = -ENOMEM;

		if (asprintf(&file, "%s/%s", path, names[i]->d_name) < 0)
			file = NULL;
		if (file && worst != -ENOMEM)
			r = model_load_file(m, file, allowed, builtin, d);
		if (r < 0 && worst != -ENOMEM)
			worst = r;
		free(names[i]);
	}
	free(names);
	return worst;
}
