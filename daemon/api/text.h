/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - answers that are no JSON */
#ifndef CVF_API_TEXT_H
#define CVF_API_TEXT_H

#include "http.h"

/* Takes the text (malloc'ed); type: a literal. */
unsigned int reply_text(struct request *q, unsigned int status, const char *type, char *take_text, size_t size);

#endif
