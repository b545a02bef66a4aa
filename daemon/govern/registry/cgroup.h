/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.h - cgroups that exist already when a policy is put in force; later ones are enrolled by the kernel itself */
#ifndef CVF_CGROUP_H
#define CVF_CGROUP_H

#include "govern/govern.h"

/* Binds what now matches, unbinds what no longer does. Cgroups that vanish meanwhile are no errors. */
int cgroup_bind_all(struct governor *g, const struct cvf_image *image) must_check;

#endif
