/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glob.h - the pattern language, checked when a declaration is read and added to a trie when the model is bound
 *
 * Paths: `*` any bytes but '/', `**` any bytes, a whole component `**` any number of components (none too), `?` one
 * byte but
 * '/', [a-z] [!a-z] one byte of a set and never '/', {a,b} alternatives (nested too), `\` takes the next byte as it is.
 * Arguments and names: the same, with no byte special but NUL.
 */
#ifndef CVF_POLICY_GLOB_H
#define CVF_POLICY_GLOB_H

#include "json/fields.h"
#include "policy/nfa.h"

#define GLOB_TEXT_MAX 4095
/* Sequences one pattern may stand for once its alternatives are written out. */
#define GLOB_SEQUENCES_MAX 1024

enum glob_flavour { GLOB_PATH, GLOB_NAME };

/* Sequences the pattern stands for, or 0 with *ret_wrong saying what is wrong with it (static text). */
size_t glob_check(const char *text, enum glob_flavour flavour, const char **ret_wrong);
/* Bytes that are neither wildcards nor sets, in the shortest alternative. */
unsigned int glob_literal(const char *text, enum glob_flavour flavour);
/* Is it a whole component "**" that takes any number of arguments? */
bool glob_is_rest(const char *text);

/* Adds a checked pattern that matches the whole text. */
int glob_add(struct nfa *n, const char *text, enum glob_flavour flavour, uint32_t pattern) must_check;
/* A path, then NUL, then whatever follows `arguments`, a root of the same trie. */
int glob_add_program(struct nfa *n, const char *path, uint32_t arguments) must_check;
/* From the root: each argument and a NUL; argv NULL: whatever they are. */
int glob_add_arguments(struct nfa *n, uint32_t arguments, const struct texts *argv, uint32_t pattern) must_check;

/* Checked name patterns to be tried on many names; nfa_done() in any case. */
int glob_names(const struct texts *globs, struct nfa *ret_nfa) must_check;
/* Does any of them match the whole name? */
bool glob_matches(const struct nfa *one, const char *name);

#endif
