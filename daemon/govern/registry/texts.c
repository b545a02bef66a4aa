// SPDX-License-Identifier: Apache-2.0
/* texts.c - see texts.h */
#include "texts.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "json/doc.h"

void texts_done(struct texts_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].text);
	}
	free(l->v);
	*l = (struct texts_list){ 0 };
}

static int add_taken(struct texts_list *l, struct decl_text *take)
{
	struct decl_text *grown = reallocarray(l->v, l->n + 1, sizeof(*grown));

	if (grown)
		l->v = grown;
	if (!grown || !take->name || !take->text) {
		free(take->name);
		free(take->text);
		return -ENOMEM;
	}
	l->v[l->n++] = *take;
	return 0;
}

int texts_add(struct texts_list *l, const struct decl_text *one)
{
	struct decl_text copy = *one;

	copy.name = strdup(one->name);
	copy.text = malloc(one->size + 1);
	if (copy.text) {
		memcpy(copy.text, one->text, one->size);
		copy.text[one->size] = 0;
	}
	return add_taken(l, &copy);
}

static int complain(struct diags *d, const char *path, const char *what)
{
	diags_add(d, DIAG_ERROR, path, 0, 0, NULL, "%s: %s", what, strerror(errno));
	return -EINVAL;
}

/* At most one byte more than is allowed: the parser then says so. */
static int read_file(const char *path, struct decl_text *to, struct diags *d)
{
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n = 1;

	if (fd < 0)
		return complain(d, path, "cannot be opened");
	errno = EINVAL;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return complain(d, path, "is not a plain file");
	to->text = malloc(JSON_TEXT_MAX + 2);
	if (!to->text)
		return -ENOMEM;
	while (n > 0 && to->size < JSON_TEXT_MAX + 1) {
		n = read(fd, to->text + to->size, JSON_TEXT_MAX + 1 - to->size);
		if (n < 0)
			return complain(d, path, "cannot be read");
		to->size += (size_t)n;
	}
	to->text[to->size] = 0;
	return 0;
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

static int add_file(struct texts_list *l, const struct decl_text *like, const char *folder, const char *name, struct diags *d)
{
	struct decl_text one = *like;
	int r;

	if (asprintf(&one.name, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	r = read_file(one.name, &one, d);
	if (r == 0)
		return add_taken(l, &one);
	free(one.name);
	free(one.text);
	return r;
}

int texts_add_folder(struct texts_list *l, const char *path, enum decl_kind kind, bool is_builtin, struct diags *d)
{
	const struct decl_text like = { .kind = kind, .is_builtin = is_builtin };
	struct dirent **names;
	int n = scandir(path, &names, is_declaration, by_bytes), worst = 0;

	if (n < 0)
		return errno == ENOENT ? 0 : errno == ENOMEM ? -ENOMEM : complain(d, path, "cannot be listed");
	for (int i = 0; i < n; i++) {
		int r = worst == -ENOMEM ? 0 : add_file(l, &like, path, names[i]->d_name, d);

		worst = r < 0 ? r : worst;
		free(names[i]);
	}
	free(names);
	return worst;
}

int texts_load(const struct texts_list *l, struct model *m, struct diags *d)
{
	int worst = 0;

	for (size_t i = 0; i < l->n && worst != -ENOMEM; i++) {
		const struct decl_text *one = &l->v[i];
		int r = model_load_text(m, one->text, one->size, one->name, 1u << one->kind, one->is_builtin, d);

		worst = r < 0 ? r : worst;
	}
	return worst;
}

char *texts_print(const struct texts_list *l)
{
	own_json json_t *list = json_array();

	for (size_t i = 0; i < l->n; i++) {
		const struct decl_text *one = &l->v[i];

		if (json_array_append_new(list, json_pack("{s:i, s:b, s:s, s:s%}", "kind", one->kind, "builtin", one->is_builtin,
							  "name", one->name, "text", one->text, one->size)) < 0)
			return NULL;
	}
	return json_dumps(list, JSON_COMPACT);
}

int texts_parse(const char *json, struct texts_list *ret_list)
{
	own_json json_t *list = json_loads(json, 0, NULL);
	struct texts_list l = { 0 };
	json_t *value;
	size_t i;
	int r = list ? 0 : -EINVAL;

	json_array_foreach(list, i, value) {
		int kind = DECL_KIND_MAX, is_builtin = 0;
		const char *name, *text;
		size_t size;
		struct decl_text one;

		if (json_unpack(value, "{s:i, s:b, s:s, s:s%}", "kind", &kind, "builtin", &is_builtin, "name", &name, "text", &text,
				&size) < 0 || kind < 0 || kind >= DECL_KIND_MAX) {
			r = -EINVAL;
			break;
		}
		one = (struct decl_text){ .kind = (enum decl_kind)kind, .is_builtin = is_builtin, .size = size };
		memcpy(&one.name, &name, sizeof(name));
		memcpy(&one.text, &text, sizeof(text));
		r = texts_add(&l, &one);
		if (r < 0)
			break;
	}
	if (r < 0)
		texts_done(&l);
	else
		*ret_list = l;
	return r;
}
