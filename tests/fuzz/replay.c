// SPDX-License-Identifier: Apache-2.0
/*
 * replay.c - runs a fuzz target on files: what was found once stays found, without clang and without fuzzing
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	uint8_t *data = NULL;
	FILE *f = fopen(path, "rb");
	long size = -1;

	if (f && !fseek(f, 0, SEEK_END))
		size = ftell(f);
	if (size >= 0)
		data = malloc((size_t)size + 1);
	if (!data || fseek(f, 0, SEEK_SET) || fread(data, 1, (size_t)size, f) != (size_t)size) {
		fprintf(stderr, "replay: cannot read %s\n", path);
		size = -1;
	}
	if (f)
		fclose(f);
	if (size >= 0) {
		/* An exact copy: a read beyond the end is then seen. */
		uint8_t *exact = realloc(data, size ? (size_t)size : 1);

		data = exact ? exact : data;
		LLVMFuzzerTestOneInput(data, (size_t)size);
	}
	free(data);
	return size < 0;
}

int main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		fprintf(stderr, "%s\n", argv[i]);
		bad |= replay(argv[i]);
	}
	printf("%d inputs\n", argc - 1);
	return bad;
}
