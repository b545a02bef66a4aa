/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain.h - JSON that any terminal, pager or log may be shown: printable ASCII, whatever the strings hold
 */
#ifndef CVF_JSON_PLAIN_H
#define CVF_JSON_PLAIN_H

#include <jansson.h>

/* layout: JSON_COMPACT or JSON_INDENT(n). malloc'ed; NULL: no memory. Of an indented text line feeds remain. */
char *json_plain(const json_t *document, size_t layout);

#endif
