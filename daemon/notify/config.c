// SPDX-License-Identifier: Apache-2.0
/* config.c - see config.h */
#include "config.h"

#include <curl/curl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "core/log.h"
#include "json/doc.h"

#define SECRET_MIN 16

static char *part(CURLU *u, CURLUPart what)
{
	char *text = NULL;

	return curl_url_get(u, what, &text, 0) == CURLUE_OK ? text : NULL;
}

bool config_may_reach(const char *url)
{
	static const char *const here[] = { "127.0.0.1", "[::1]", "localhost" };
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL, *user = NULL;
	bool may = false;

	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK) {
		scheme = part(u, CURLUPART_SCHEME);
		host = part(u, CURLUPART_HOST);
		user = part(u, CURLUPART_USER);
		may = scheme && host && !user && strcmp(scheme, "https") == 0;
		for (size_t i = 0; scheme && host && !user && i < ARRAY_SIZE(here); i++)
			may |= strcmp(scheme, "http") == 0 && strcmp(host, here[i]) == 0;
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_url_cleanup(u);
	return may;
}

bool config_may_run(const char *path)
{
	struct stat s;

	return *path == '/' && stat(path, &s) == 0 && S_ISREG(s.st_mode) && !(s.st_mode & (S_IWGRP | S_IWOTH)) &&
	       (s.st_uid == 0 || s.st_uid == geteuid());
}

/* The bytes of the file without the end of its line. */
static int read_secret(struct target *t, const char *path)
{
	own_file FILE *f = fopen(path, "re");
	struct stat s;

	if (!f || fstat(fileno(f), &s) < 0)
		return -errno;
	if (s.st_mode & (S_IROTH | S_IWOTH))
		return -EACCES;
	t->secret_size = fread(t->secret, 1, sizeof(t->secret), f);
	if (ferror(f))
		return -EIO;
	while (t->secret_size && (t->secret[t->secret_size - 1] == '\n' || t->secret[t->secret_size - 1] == '\r'))
		t->secret_size--;
	return t->secret_size >= SECRET_MIN && t->secret_size < sizeof(t->secret) ? 0 : -EBADMSG;
}

static int read_webhook(struct target *t, const json_t *one)
{
	const char *file = json_string_value(json_object_get(one, "secret_file"));
	int r;

	if (!config_may_reach(t->place)) {
		log_error("%s is left out: its url must be https, or http to this host, without a user", t->name);
		return -EINVAL;
	}
	r = file ? read_secret(t, file) : -ENOENT;
	if (r < 0)
		log_error("%s is left out: its secret_file %s cannot be used: %s; it holds %d to %d bytes", t->name, file ? file : "is not named",
			  r == -EACCES ? "nobody, or everybody, can read it" : strerror(-r), SECRET_MIN, SECRET_MAX - 1);
	return r;
}

static int read_target(const json_t *one, bool is_command, struct target *ret_target)
{
	const char *id = json_string_value(json_object_get(one, "id"));
	const char *place = json_string_value(json_object_get(one, is_command ? "path" : "url"));
	struct target t = { .is_command = is_command };
	int r = id && place ? 0 : -EINVAL;

	if (r < 0)
		log_error("a target of \"notifications\" is left out: it needs \"id\" and \"%s\"", is_command ? "path" : "url");
	else
		r = asprintf(&t.name, "%s:%s", is_command ? "command" : "webhook", id) < 0 ? -ENOMEM : 0;
	if (r == 0) {
		t.place = strdup(place);
		r = !t.place ? -ENOMEM : is_command ? 0 : read_webhook(&t, one);
	}
	if (r == 0 && is_command && !config_may_run(place)) {
		log_error("%s is left out: its path must be that of a program of root's that nobody else can write", t.name);
		r = -EINVAL;
	}
	if (r == 0) {
		*ret_target = t;
		return 0;
	}
	free(t.name);
	free(t.place);
	return r;
}

static void read_list(const json_t *list, bool is_command, struct config *c)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		struct target *grown = reallocarray(c->v, c->n + 1, sizeof(*grown));

		if (!grown)
			return;
		c->v = grown;
		c->listed++;
		c->n += read_target(one, is_command, &c->v[c->n]) == 0;
	}
}

/* Which terminals, the governor's list of people and utmp say. */
static void read_terminals(struct config *c)
{
	struct target *grown = reallocarray(c->v, c->n + 1, sizeof(*grown));

	c->listed++;
	if (!grown)
		return;
	c->v = grown;
	c->v[c->n] = (struct target){ .name = strdup("terminals"), .is_terminals = true };
	c->n += c->v[c->n].name != NULL;
}

int config_load(const char *path, struct config *ret_config)
{
	json_error_t e;
	own_json json_t *root = access(path, F_OK) < 0 && errno == ENOENT ? json_object() : json_load_file(path, JSON_REJECT_DUPLICATES, &e);
	const json_t *notifications = json_object_get(root, "notifications");

	*ret_config = (struct config){ 0 };
	if (!root) {
		log_error("%s:%d:%d: %s", path, e.line, e.column, e.text);
		return -EINVAL;
	}
	read_list(json_object_get(notifications, "webhooks"), false, ret_config);
	read_list(json_object_get(notifications, "commands"), true, ret_config);
	if (json_is_object(json_object_get(notifications, "terminals")))
		read_terminals(ret_config);
	return 0;
}

void config_done(struct config *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].name);
		free(c->v[i].place);
		explicit_bzero(c->v[i].secret, sizeof(c->v[i].secret));
	}
	free(c->v);
	*c = (struct config){ 0 };
}

const struct target *config_find(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i].name, name) == 0)
			return &c->v[i];
	return NULL;
}
