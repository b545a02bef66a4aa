// SPDX-License-Identifier: Apache-2.0
/*
 * path_tree.c - see path_tree.h
 */
#include "policy/path_tree.h"

#include <ctype.h>
#include <string.h>

#define NODES_MAX  50000 /* names that are kept apart; from then on the folder counts as full */
#define HANDFUL	   3	 /* names of a folder that are named one by one, */
#define MADE_MAX   1	 /* or names of it that were made */
#define RANDOM_MIN 6	 /* letters and digits of a name that nobody chose: what mkstemp() makes */

struct path_node {
	char *name; /* its pattern */
	struct path_node *child, *next;
	bool is_object; /* it was seen itself, not only below it */
	bool is_made;	/* it was made or taken away itself */
	bool is_full;
};

struct path_tree {
	struct path_node root;
	size_t nodes;
};

struct path_tree *path_tree_new(void)
{
	return calloc(1, sizeof(struct path_tree));
}

static void nodes_free(struct path_node *n)
{
	while (n) {
		struct path_node *next = n->next;

		nodes_free(n->child);
		free(n->name);
		free(n);
		n = next;
	}
}

void path_tree_free(struct path_tree *t)
{
	if (t)
		nodes_free(t->root.child);
	free(t);
}

/* ---- names ---- */

static bool is_number(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return n > 0;
}

static bool is_hex(const char *s, size_t n)
{
	bool digit = false, letter = false;

	for (size_t i = 0; i < n; i++) {
		if (!isxdigit((unsigned char)s[i]))
			return false;
		digit = digit || isdigit((unsigned char)s[i]);
		letter = letter || !isdigit((unsigned char)s[i]);
	}
	return n >= 8 && digit && letter;
}

/* Letters and digits mixed as no word is: a digit between letters, or a capital behind a small letter. */
static bool is_random(const char *s, size_t n)
{
	bool capital = false;
	unsigned int turns = 0;

	for (size_t i = 1; i < n; i++) {
		int before = (unsigned char)s[i - 1], now = (unsigned char)s[i];

		capital = capital || isupper(now);
		turns += (isdigit(before) && isalpha(now)) || (isalpha(before) && isdigit(now)) ||
			 (islower(before) && isupper(now));
	}
	return n >= RANDOM_MIN && turns >= (capital ? 2 : 3);
}

static bool is_made_up(const char *s, size_t n, bool first)
{
	return is_hex(s, n) || is_random(s, n) || (is_number(s, n) && (!first || n >= 4));
}

/* In a name that says that it is temporary less is enough: "tmp_objdir-incoming-gPYXxy". */
static bool is_made_up_there(const char *name, const char *s, size_t n)
{
	const char *start = name + (*name == '.');

	if (s == name || n < RANDOM_MIN || (strncmp(start, "tmp", 3) != 0 && strncmp(start, "temp", 4) != 0))
		return false;
	for (size_t i = 1; i < n; i++)
		if (isupper((unsigned char)s[i]) || isdigit((unsigned char)s[i]))
			return true;
	return false;
}

/* How many bytes at the start of a part belong to the name all the same: "tmp" of "tmpX3f9Qa". */
static size_t kept_start(const char *s, size_t n)
{
	static const char *const starts[] = {"tmp", "temp"};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (n > strlen(starts[i]) + 3 && strncmp(s, starts[i], strlen(starts[i])) == 0)
			return strlen(starts[i]);
	return 0;
}

static void put_plain(FILE *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strchr("*?[]{},\\$", s[i]))
			fputc('\\', out);
		fputc(s[i], out);
	}
}

/* Parts between dots, dashes and underlines; "1.2.3" is one "*". */
static void put_name(FILE *out, const char *name)
{
	bool star = false;

	for (const char *at = name; *at;) {
		size_t n = strcspn(at, "._-~"), keep = kept_start(at, n);
		bool made_up = n > keep && (is_made_up(at + keep, n - keep, at == name && !keep) ||
					    is_made_up_there(name, at, n));

		if (made_up || (keep && is_random(at, n))) {
			put_plain(out, at, keep);
			if (!star || keep)
				fputc('*', out);
			star = true;
		} else if (n) {
			put_plain(out, at, n);
			star = false;
		}
		at += n;
		if (!*at)
			break;
		/* Between two parts of a version there is nothing but the version. */
		if (!star || !is_made_up(at + 1, strcspn(at + 1, "._-~"), false)) {
			put_plain(out, at, 1);
			star = false;
		}
		at++;
	}
}

char *name_glob(const char *name)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_name(out, name);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* ---- the tree ---- */

/* The child of that pattern; NULL: out of memory, or the folder is full. */
static struct path_node *child_of(struct path_tree *t, struct path_node *n, const char *name, int *ret_result)
{
	own_free char *glob = name_glob(name);
	struct path_node **at = &n->child;

	*ret_result = glob ? 0 : -ENOMEM;
	while (glob && *at && strcmp((*at)->name, glob) < 0)
		at = &(*at)->next;
	if (!glob || (*at && strcmp((*at)->name, glob) == 0))
		return glob ? *at : NULL;
	if (t->nodes >= NODES_MAX) {
		n->is_full = true;
		return NULL;
	}
	struct path_node *made = calloc(1, sizeof(*made));

	if (!made) {
		*ret_result = -ENOMEM;
		return NULL;
	}
	made->name = TAKE(glob);
	made->next = *at;
	*at = made;
	t->nodes++;
	return made;
}

int path_tree_add(struct path_tree *t, const char *path, bool made)
{
	own_free char *copy = path[0] == '/' && path[1] != '/' ? strdup(path) : NULL;
	struct path_node *at = &t->root;
	char *save;
	int r = 0;

	if (!copy)
		return path[0] == '/' && path[1] != '/' ? -ENOMEM : 0;
	for (char *name = strtok_r(copy, "/", &save); at && name; name = strtok_r(NULL, "/", &save))
		at = child_of(t, at, name, &r);
	if (at && at != &t->root) {
		at->is_object = true;
		at->is_made = at->is_made || made;
	}
	return r;
}

/* ---- patterns ---- */

/* Never whole: folders at the top, homes, and what the system keeps its own things in. */
static bool may_be_whole(const char *folder)
{
	static const char *const never[] = {"/home/", "/usr/", "/var/", "/etc/", "/run/", "/opt/", "/lib/", "/srv/"};
	const char *second = *folder ? strchr(folder + 1, '/') : NULL;

	if (!*folder)
		return false;
	if (!second)
		return strcmp(folder, "/tmp") == 0;
	if (strcmp(folder, "/var/tmp") == 0 || strcmp(folder, "/dev/shm") == 0)
		return true;
	if (strncmp(folder, "/home/", 6) == 0 || strncmp(folder, "/root", 5) == 0)
		return strncmp(folder, "/root", 5) == 0 ? folder[5] == '/' : strchr(second + 1, '/') != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (strncmp(folder, never[i], strlen(never[i])) == 0)
			return strncmp(folder, "/srv/", 5) == 0 || strncmp(folder, "/opt/", 5) == 0 ||
			       strchr(second + 1, '/');
	return true;
}

static bool has_many(const struct path_node *n)
{
	size_t count = 0, made = 0;

	for (const struct path_node *c = n->child; c; c = c->next) {
		count++;
		made += c->is_made;
	}
	return n->is_full || count > HANDFUL || made > MADE_MAX;
}

static int put_glob(json_t *globs, const char *path, const char *end)
{
	own_free char *text = NULL;

	if (asprintf(&text, "%s%s", path, end) < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return json_array_append_new(globs, json_string(text)) ? -ENOMEM : 0;
}

static int put_node(json_t *globs, const struct path_node *n, const char *path)
{
	int r = 0;

	if (has_many(n) && may_be_whole(path))
		return put_glob(globs, path, n->is_object ? "{,/**}" : "/**");
	if (n->is_object)
		r = put_glob(globs, path, "");
	for (const struct path_node *c = n->child; r == 0 && c; c = c->next) {
		own_free char *longer = NULL;

		if (asprintf(&longer, "%s/%s", path, c->name) < 0) {
			longer = NULL;
			return -ENOMEM;
		}
		r = put_node(globs, c, longer);
	}
	return r;
}

json_t *path_tree_globs(const struct path_tree *t)
{
	json_t *globs = json_array();
	int r = globs ? put_node(globs, &t->root, "") : -ENOMEM;

	if (r == 0)
		return globs;
	json_decref(globs);
	return NULL;
}
