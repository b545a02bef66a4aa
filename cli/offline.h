/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offline.h - what the policy library can say without a daemon
 */
#ifndef CVF_CLI_OFFLINE_H
#define CVF_CLI_OFFLINE_H

#include <jansson.h>

#include "args.h"
#include "policy/policy.h"

#define ETC_DIR "/etc/cvf"
#define SHARE_DIR "/usr/share/cvf"

#define BIT(kind) (1u << (kind))
#define DECLARATIONS (BIT(DECL_CAPABILITY) | BIT(DECL_AGENT) | BIT(DECL_POLICY))

static inline void own_diags_(struct diags *d)
{
	diags_done(d);
}
#define own_diags __attribute__((cleanup(own_diags_)))

/* The standard library (--share), the administrator's files (--etc), or both, into a model. As model_load_dir(). */
int offline_share(const struct call *c, struct model *m, struct diags *d) must_check;
int offline_etc(const struct call *c, struct model *m, struct diags *d) must_check;
/* --declarations: a file, a folder of files, or one like /etc/cvf. */
int offline_folder(const char *path, struct model *m, struct diags *d) must_check;
int offline_model(const struct call *c, struct model *m, struct diags *d) must_check;
/* A list of diagnoses in the shape of the API's. */
json_t *offline_diagnoses(const struct diags *d);
/* Prints them and "cannot DOING"; returns the status. */
int offline_refuse(const char *doing, const struct diags *d, int status);
/* The answer of policy_eval() for --agent and the operands, in the shape of the API's. An exit status. */
int offline_explain(const struct call *c, json_t **ret) must_check;

#endif
