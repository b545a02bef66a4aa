/* SPDX-License-Identifier: Apache-2.0 */
/* candidates.h - users of the system who may have a role: root, principals, members of the groups of roles, who was lent one */
#ifndef CVF_CANDIDATES_H
#define CVF_CANDIDATES_H

#include <jansson.h>

#include "govern/govern.h"

/* An array of names, each once; NULL: no memory. Of a group, those whom its entry lists. */
json_t *candidates_all(struct governor *g);
/* A user, or the members of an "@group". */
void candidates_add(json_t *names, const char *name);
/* A user as if it had connected; false: there is none. The caller frees ret_peer->groups. */
bool candidate_peer(const char *name, struct peer *ret_peer);

#endif
