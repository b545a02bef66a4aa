/* SPDX-License-Identifier: Apache-2.0 */
/* audit_api.h - /v1/audit: heads, keys, proofs */
#ifndef CVF_AUDIT_API_H
#define CVF_AUDIT_API_H

#include "api/route.h"

extern const struct routes audit_routes;

#endif
