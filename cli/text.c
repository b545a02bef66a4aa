// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include "escape.h"
#include "out.h"
#include "when.h"

#include <string.h>

static int read_all(FILE *in, char **ret, size_t *ret_size)
{
	own_free char *text = malloc(TEXT_FILE_MAX + 1);
	size_t n;

	if (!text)
		return -ENOMEM;
	errno = 0;
	n = fread(text, 1, TEXT_FILE_MAX + 1, in);
	if (ferror(in))
		return errno ? -errno : -EIO;
	if (n > TEXT_FILE_MAX)
		return -EFBIG;
	text[n] = '\0';
	*ret_size = n;
	*ret = TAKE(text);
	return 0;
}

int text_read(const char *path, char **ret, size_t *ret_size)
{
	own_file FILE *in = NULL;

	if (strcmp(path, "-") == 0)
		return read_all(stdin, ret, ret_size);
	in = fopen(path, "re");
	return in ? read_all(in, ret, ret_size) : -errno;
}

static void put_args(FILE *out, const json_t *argv)
{
	const json_t *one;
	size_t i;

	json_array_foreach(argv, i, one) {
		if (i == 0)
			continue;
		fputc(' ', out);
		escape_word(out, json_string_value(one), json_string_length(one));
	}
}

static void put_all(FILE *out, const json_t *of)
{
	const char *object = out_text(of, "object", ""), *object2 = out_text(of, "object2", "");

	out_value(out, out_field(of, "operation"));
	if (*object) {
		fputc(' ', out);
		escape_word(out, object, strlen(object));
	}
	if (*object2) {
		fputs(" to ", out);
		escape_word(out, object2, strlen(object2));
	}
	if (strcmp(out_text(of, "operation", ""), "exec") == 0)
		put_args(out, out_field(of, "argv"));
}

/* Bytes of the first most characters. */
static size_t cut_at(const char *text, size_t most)
{
	const char *at = text;

	for (; *at; at++)
		if ((*at & 0xc0) != 0x80 && most-- == 0)
			break;
	return (size_t)(at - text);
}

void text_operation(FILE *out, const json_t *of, size_t most)
{
	own_free char *text = NULL;
	size_t size, keep;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return;
	put_all(memory, of);
	if (fclose(memory) != 0)
		return;
	keep = most ? cut_at(text, most) : size;
	fwrite(text, 1, keep, out);
	if (keep < size)
		fprintf(out, " ... (%zu bytes more)", size - keep);
	if (json_is_true(out_field(of, "args_cut")))
		fputs(" [ARGUMENTS CUT]", out);
}

bool text_quorum(FILE *out, const json_t *hold)
{
	long long people = json_integer_value(out_field(hold, "quorum"));

	if (people > 1)
		fprintf(out, "%zu of %lld approved", json_array_size(out_field(hold, "approved_by")), people);
	return people > 1;
}

bool text_approvers(FILE *out, const json_t *of)
{
	const json_t *approvers = out_field(of, "approvers"), *one;
	long long people = json_integer_value(out_field(of, "quorum"));
	size_t i;

	if (people <= 1 && !json_array_size(approvers))
		return false;
	fprintf(out, "%lld %s", people, json_array_size(approvers) ? "of " : "approvers");
	json_array_foreach(approvers, i, one) {
		fputs(i ? ", " : "", out);
		out_value(out, one);
	}
	return true;
}

void text_reason(FILE *out, const char *reason)
{
	static const struct {
		const char *word, *sentence;
	} rows[] = {
#define REASON(number, suffix, word, sentence) { word, sentence },
#include "cvf/reasons.def"
#undef REASON
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].word, reason) != 0)
			continue;
		fprintf(out, "%s (%s)", rows[i].sentence, reason);
		return;
	}
	escape_line(out, reason, strlen(reason));
}

void text_left(FILE *out, const char *moment, time_t now)
{
	char text[WHEN_MAX];
	time_t at;

	if (!moment || when_moment(moment, now, &at) < 0) {
		fputc('-', out);
		return;
	}
	when_print_duration(at - now, text);
	fputs(at > now ? text : "expired", out);
}
