/* SPDX-License-Identifier: Apache-2.0 */
/* listen.h - unix sockets to listen on, and who connected to them */
#ifndef CVF_LISTEN_H
#define CVF_LISTEN_H

#include "http.h"

/* A listening stream socket at path; a dead one there is replaced, a living one is -EADDRINUSE. The descriptor or -errno. */
int listen_unix(const char *path, mode_t mode) must_check;

int listen_tcp(const struct sockaddr *address, socklen_t size) must_check;

int peer_init(struct peer *p, int fd) must_check;
void peer_done(struct peer *p);

#endif
