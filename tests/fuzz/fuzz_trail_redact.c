// SPDX-License-Identifier: Apache-2.0
/* fuzz_trail_redact.c - arguments of any bytes: what comes out has as many arguments, is no longer, and stays as it is when read again */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "trail/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(const char *p, size_t n)
{
	size_t args = 0;

	for (size_t i = 0; i < n; i++)
		args += !p[i];
	return args;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char args[CVF_TEXT_MAX], to[CVF_TEXT_MAX];
	static struct redact_rules rules;
	size_t n = size < sizeof(args) ? size : sizeof(args) - 1, got;
	bool is_hidden;

	if (!rules.shapes && redact_add(&rules, "ACME-[0-9]+"))
		abort();
	memcpy(args, data, n);
	args[n++] = 0;
	is_hidden = redact_args(&rules, args, n, to, &got);
	if (got > n || !got || to[got - 1] || count(args, n) != count(to, got))
		abort();
	if (!is_hidden && (got != n || memcmp(args, to, n) != 0))
		abort();
	return 0;
}
