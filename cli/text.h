/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - a file as one text, and texts of the API as words for people
 */
#ifndef CVF_CLI_TEXT_H
#define CVF_CLI_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "core/own.h"

#define TEXT_FILE_MAX (16u << 20)	/* bytes of a declaration file */

/* A file, or standard input for "-". -EFBIG beyond TEXT_FILE_MAX; otherwise an errno. */
int text_read(const char *path, char **ret, size_t *ret_size) must_check;
/*
 * What a hold or an event is about, on one line: "exec /usr/bin/git push origin". most: characters; 0: all of
 * it.
 */
void text_operation(FILE *out, const json_t *of, size_t most);
/* "1 of 2 approved" of a hold that several people must approve; nothing, and false, of others. */
bool text_quorum(FILE *out, const json_t *hold);
/* "2 of @release, alice" must approve it, of a hold or an answer; nothing, and false, where any one approver may. */
bool text_approvers(FILE *out, const json_t *of);
/* The sentence for a reason's word, or the word itself when it is not one of ours. */
void text_reason(FILE *out, const char *reason);
/* "4m12s", or "expired", until an RFC 3339 moment. */
void text_left(FILE *out, const char *moment, time_t now);

#endif
