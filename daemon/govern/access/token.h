/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - what opens the API on TCP, where nobody's credentials come from the kernel
 *
 * A token is "cvf_ID_SECRET". The store has a hash of the secret, which is random, so one pass of a fast hash is enough.
 * It is shown once. A token never is a person, and has of its roles only those that `api.token_roles` leaves it.
 */
#ifndef CVF_TOKEN_H
#define CVF_TOKEN_H

#include "api/route.h"
#include "govern/govern.h"

#define TOKEN_TEXT_SIZE 80

extern const struct routes token_routes;

/*
 * Who asks, by Authorization: Bearer or X-API-Key. 0; 401 or 403, refused; 503. Without a token the caller is nobody and may
 * use what anybody may.
 */
unsigned int token_identify(struct request *q, const struct route *route, struct caller *ret_caller);

#endif
