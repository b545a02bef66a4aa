/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.h - one check of the host: a result, what was seen, and how to put it right
 */
#ifndef CVF_CLI_DOCTOR_H
#define CVF_CLI_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>

#include "args.h"

enum finding_level { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct finding {
	enum finding_level level;
	char *seen;		/* owned */
	const char *fix;	/* static; NULL: nothing to do */
};

/* What the checks may look at. */
struct patient {
	const struct call *c;
	int reach;		/* of the daemon: 0, or a negative errno */
	json_t *status;		/* of the daemon; NULL: unreachable or refused */
	json_t *agents;		/* list of the registered; NULL: unknown */
	json_t *ready;		/* of /readyz; NULL: unknown */
	long ready_http;
};

struct check {
	const char *name;
	struct finding (*look)(const struct patient *p);
};
extern const struct check host_checks[], daemon_checks[];
extern const size_t host_checks_count, daemon_checks_count;

struct finding finding(enum finding_level level, const char *fix, const char *format, ...) printf_like(3, 4);

#endif
