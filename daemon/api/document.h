/* SPDX-License-Identifier: Apache-2.0 */
/* document.h - the tables of routes as documents: OpenAPI 3.1 for programs, Markdown for people */
#ifndef CVF_DOCUMENT_H
#define CVF_DOCUMENT_H

#include "route.h"

/* A new reference; NULL when memory is short. */
json_t *openapi_document(const struct routes *tables, size_t count, const char *version);
/* The routes of docs/API.md, and the parts that several answers have. */
void routes_print(const struct routes *tables, size_t count, FILE *out);

#endif
