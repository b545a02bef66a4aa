// SPDX-License-Identifier: Apache-2.0
#include "drop.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "log.h"

int drop_run(const char *program, const struct drop_step *steps, size_t n, const void *ctx)
{
	for (size_t i = 0; i < n; i++) {
		int r = steps[i].take(ctx);

		if (r >= 0)
			continue;
		log_error("giving up privileges failed at %s: %s does not run with more than it needs", steps[i].part, program);
		return r;
	}
	return 0;
}

int drop_new_privileges(const void *ctx)
{
	(void)ctx;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ? -errno : 0;
}

int drop_core_dumps(const void *ctx)
{
	const struct rlimit none = { 0, 0 };

	(void)ctx;
	return setrlimit(RLIMIT_CORE, &none) ? -errno : 0;
}
