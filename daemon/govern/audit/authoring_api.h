/* SPDX-License-Identifier: Apache-2.0 */
/* authoring_api.h - routes that say what declarations would do before they do it */
#ifndef CVF_AUTHORING_API_H
#define CVF_AUTHORING_API_H

#include "api/route.h"

extern const struct routes authoring_routes;

#endif
