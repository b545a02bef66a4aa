/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path_tree.h - many paths that were seen, as the few patterns that a person would write for them
 *
 * A folder in which more than a handful of names were seen, or a few made, is taken whole; a part of a name that looks made up (random
 * letters, numbers, versions) becomes a star. What is at the top of the file system, or somebody's home, is never taken
 * whole.
 */
#ifndef CVF_POLICY_PATH_TREE_H
#define CVF_POLICY_PATH_TREE_H

#include <jansson.h>
#include <stdbool.h>

#include "core/own.h"

struct path_tree;

struct path_tree *path_tree_new(void);
void path_tree_free(struct path_tree *t);
OWN_DEFINE(path_tree);
/*
 * path: resolved and absolute; others are left out. made: the name was made or taken away: where that happened twice it
 * will happen again, and the folder is taken whole. -ENOMEM.
 */
int path_tree_add(struct path_tree *t, const char *path, bool made) must_check;
/* The patterns as an array of strings, escaped where needed, in order; owned by the caller. NULL: out of memory. */
json_t *path_tree_globs(const struct path_tree *t);
/* The pattern for one name: "tmpX3f9Qa.log" -> "tmp*.log". malloc'ed. NULL: out of memory. */
char *name_glob(const char *name);

#endif
