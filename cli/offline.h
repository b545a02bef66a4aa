/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offline.h - what the policy library can say without a daemon
 */
#ifndef CVF_CLI_OFFLINE_H
#define CVF_CLI_OFFLINE_H

#include <jansson.h>

#include "args.h"

#define ETC_DIR "/etc/cvf"
#define SHARE_DIR "/usr/share/cvf"

/* The answer of policy_eval() for --agent and the operands, in the shape of the API's. An exit status. */
int offline_explain(const struct call *c, json_t **ret) must_check;

#endif
