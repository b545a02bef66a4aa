/* SPDX-License-Identifier: Apache-2.0 */
/* settings_api.h - "api" of cvfd.json: the API on TCP */
#ifndef CVF_SETTINGS_API_H
#define CVF_SETTINGS_API_H

#include <netinet/in.h>
#include <stdint.h>

#include "json/fields.h"

struct names {
	char **v;	/* malloc'ed */
	size_t n;
};

struct api_settings {
	char *listen;		/* "127.0.0.1:8470"; NULL: no TCP */
	struct sockaddr_storage address;
	socklen_t address_size;
	char *certificate, *key;	/* files in PEM; NULL: no TLS */
	struct names hosts;	/* further names that Host may say */
	struct names origins;	/* pages that may ask from a browser */
	unsigned int token_roles;	/* what tokens may have of their roles */
	int64_t per_minute;	/* requests of a token, or of an address without one */
	int64_t local_per_minute;	/* of a user on a unix socket */
	int64_t request_s;	/* a request must be there after so long */
};

void api_settings_default(struct api_settings *s);
void api_settings_done(struct api_settings *s);
void api_settings_read(const struct jat *at, struct api_settings *s);

#endif
