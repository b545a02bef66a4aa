/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socket.h - the socket of a daemon of root, for a peer that is not root
 */
#ifndef CVF_SOCKET_H
#define CVF_SOCKET_H

#include <sys/types.h>

#include "own.h"

/*
 * A listening SOCK_SEQPACKET unix socket at path, in the place of whatever has that name; owner's alone (mode 0600). It is made
 * with owner's rights in the file system: the folder may be owner's, who could swap the name between two steps, so nothing is
 * done to the name with root's. Not blocking, close-on-exec. -EACCES: owner may not make it there. One thread only.
 */
int socket_listen_as(const char *path, uid_t owner) must_check;

#endif
