/* SPDX-License-Identifier: Apache-2.0 */
/* people.h - who approves: principals as cvfd.json names them, and their second factors; /v1/approvers */
#ifndef CVF_PEOPLE_H
#define CVF_PEOPLE_H

#include "govern/govern.h"

struct routes;
extern const struct routes people_routes, review_routes, delegation_routes;

#endif
