/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - the targets of cvfd.json, with what only this program may know: addresses, keys, programs
 *
 * The list is the permission: what stands in no configuration is never reached, whatever the governor asks for.
 */
#ifndef CVF_NOTIFY_CONFIG_H
#define CVF_NOTIFY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "core/own.h"

#define SECRET_MAX 128

struct target {
	char *name;	/* "webhook:ID", "command:ID", "terminals" */
	char *place;	/* URL or path */
	char secret[SECRET_MAX];
	size_t secret_size;
	bool is_command, is_terminals;
};

struct config {
	struct target *v;
	size_t n;
	size_t listed;	/* in the settings, with those that were left out */
};

/* 0, or negative errno after saying what is wrong. A target with a mistake is left out, after saying so. */
int config_load(const char *path, struct config *ret_config) must_check;
void config_done(struct config *c);
const struct target *config_find(const struct config *c, const char *name);	/* NULL: none */
/* Nobody but root (or who runs this) can have written it: an agent that could would be outside of its session through it. */
bool config_may_run(const char *path);
/* https, or http on this host alone. */
bool config_may_reach(const char *url);

#endif
