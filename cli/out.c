// SPDX-License-Identifier: Apache-2.0
#include "out.h"

#include "escape.h"
#include "json/plain.h"

#include <stdint.h>
#include <string.h>

void out_json(FILE *out, const json_t *document)
{
	own_free char *text = json_plain(document, JSON_COMPACT);

	fprintf(out, "%s\n", text ? text : "");
}

const json_t *out_field(const json_t *object, const char *path)
{
	const char *dot;

	while (object && (dot = strchr(path, '.'))) {
		own_free char *key = strndup(path, (size_t)(dot - path));

		object = key ? json_object_get(object, key) : NULL;
		path = dot + 1;
	}
	return json_object_get(object, path);
}

const char *out_text(const json_t *object, const char *path, const char *otherwise)
{
	const char *text = json_string_value(out_field(object, path));

	return text ? text : otherwise;
}

const json_t *out_find(const json_t *list, const char *member, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(out_text(one, member, ""), text) == 0)
			return one;
	return NULL;
}

static bool is_scalar(const json_t *value)
{
	return !json_is_object(value) && !json_is_array(value);
}

static void put_list(FILE *out, const json_t *list)
{
	const json_t *one;
	size_t i;

	if (json_array_size(list) == 0)
		fputc('-', out);
	json_array_foreach(list, i, one) {
		if (i > 0)
			fputs(", ", out);
		out_value(out, one);
	}
}

static void put_object(FILE *out, const json_t *object)
{
	const char *key;
	json_t *one;
	bool first = true;

	/* json_object_foreach() wants a pointer it may write through; it does not. */
	json_object_foreach((json_t *)(uintptr_t)object, key, one) {
		fputs(first ? "" : " ", out);
		escape_put(out, key, strlen(key));
		fputc('=', out);
		out_value(out, one);
		first = false;
	}
}

void out_value(FILE *out, const json_t *value)
{
	if (!value || json_is_null(value))
		fputc('-', out);
	else if (json_is_string(value))
		escape_put(out, json_string_value(value), json_string_length(value));
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "yes" : "no", out);
	else if (json_is_integer(value))
		fprintf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		fprintf(out, "%g", json_real_value(value));
	else if (json_is_array(value))
		put_list(out, value);
	else
		put_object(out, value);
}

static char *cell(const json_t *row, const struct column *column)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (column->put)
		column->put(out, row);
	else
		out_value(out, out_field(row, column->field));
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	if (*text == '\0') {
		free(text);
		return strdup("-");
	}
	return text;
}

static void put_row(FILE *out, char *const *cells, const size_t *widths, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		size_t pad = k + 1 < n ? widths[k] - escape_width(cells[k]) + 2 : 0;

		fputs(cells[k], out);
		fprintf(out, "%*s", (int)pad, "");
	}
	fputc('\n', out);
}

static bool fill(char **cells, const json_t *rows, const struct column *columns, size_t n)
{
	const json_t *row;
	size_t i;

	for (size_t k = 0; k < n; k++)
		cells[k] = strdup(columns[k].title);
	json_array_foreach(rows, i, row) {
		for (size_t k = 0; k < n; k++)
			cells[(i + 1) * n + k] = cell(row, &columns[k]);
	}
	for (size_t i_cell = 0; i_cell < (json_array_size(rows) + 1) * n; i_cell++)
		if (!cells[i_cell])
			return false;
	return true;
}

int out_table(FILE *out, const json_t *rows, const struct column *columns, size_t n, const char *empty)
{
	size_t lines = json_array_size(rows) + 1;
	own_free char **cells = NULL;
	own_free size_t *widths = NULL;
	bool filled;

	if (lines == 1) {
		fprintf(out, "%s\n", empty);
		return 0;
	}
	cells = calloc(lines * n, sizeof(*cells));
	widths = calloc(n, sizeof(*widths));
	filled = cells && widths && fill(cells, rows, columns, n);
	for (size_t i = 0; filled && i < lines * n; i++) {
		size_t width = escape_width(cells[i]);

		widths[i % n] = width > widths[i % n] ? width : widths[i % n];
	}
	for (size_t i = 0; filled && i < lines; i++)
		put_row(out, cells + i * n, widths, n);
	for (size_t i = 0; cells && i < lines * n; i++)
		free(cells[i]);
	return filled ? 0 : -ENOMEM;
}

static bool is_flat(const json_t *value)
{
	const json_t *one;
	size_t i;

	json_array_foreach(value, i, one)
		if (!is_scalar(one))
			return false;
	return !json_is_object(value);
}

static void put_items(FILE *out, const json_t *list, unsigned int indent)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		fprintf(out, "%*s-", (int)indent, "");
		if (is_flat(one)) {
			fputc(' ', out);
			out_value(out, one);
			fputc('\n', out);
		} else {
			fputc('\n', out);
			out_tree(out, one, indent + 2);
		}
	}
}

void out_tree(FILE *out, const json_t *document, unsigned int indent)
{
	const char *key;
	json_t *one;

	if (json_is_array(document)) {
		put_items(out, document, indent);
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)document, key, one) {
		fprintf(out, "%*s", (int)indent, "");
		escape_put(out, key, strlen(key));
		fputc(':', out);
		if (is_flat(one)) {
			fputc(' ', out);
			out_value(out, json_is_string(one) && json_string_length(one) == 0 ? NULL : one);
			fputc('\n', out);
		} else {
			fputc('\n', out);
			out_tree(out, one, indent + 2);
		}
	}
}

static void put_place(FILE *out, const json_t *d)
{
	long long line = json_integer_value(json_object_get(d, "line"));
	long long column = json_integer_value(json_object_get(d, "column"));
	const char *file = out_text(d, "file", NULL);

	if (file)
		escape_line(out, file, strlen(file));
	if (file)
		fputc(':', out);
	if (line > 0)
		fprintf(out, "%lld:", line);
	if (line > 0 && column > 0)
		fprintf(out, "%lld:", column);
	if (file || line > 0)
		fputc(' ', out);
}

void out_diagnoses(FILE *out, const json_t *diagnoses)
{
	const json_t *d;
	size_t i;

	json_array_foreach(diagnoses, i, d) {
		const char *message = json_is_string(d) ? json_string_value(d) : out_text(d, "message", "?");
		const char *level = out_text(d, "level", json_is_string(d) ? "warning" : "error");
		const char *hint = out_text(d, "hint", NULL), *word = out_text(d, "word", NULL);

		put_place(out, d);
		fprintf(out, "%s: ", *level == 'e' ? "error" : "warning");
		escape_line(out, message, strlen(message));
		if (word) {
			fputs(" [", out);
			escape_line(out, word, strlen(word));
			fputc(']', out);
		}
		fputc('\n', out);
		if (!hint)
			continue;
		fputs("    ", out);
		escape_line(out, hint, strlen(hint));
		fputc('\n', out);
	}
}
