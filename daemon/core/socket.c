// SPDX-License-Identifier: Apache-2.0
#include "socket.h"

#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define WAITING 4	/* connections that nobody accepted yet */

static int bind_as(int fd, const struct sockaddr_un *address, uid_t owner)
{
	mode_t mask = umask(0177);
	int r;

	setfsuid(owner); /* says the user before, never that it failed: so ask */
	r = (uid_t)setfsuid((uid_t)-1) != owner ? -EPERM : 0;
	if (r >= 0 && unlink(address->sun_path) && errno != ENOENT)
		r = -errno;
	if (r >= 0 && bind(fd, (const struct sockaddr *)address, sizeof(*address)))
		r = -errno;
	setfsuid(geteuid());
	umask(mask);
	return r;
}

int socket_listen_as(const char *path, uid_t owner)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	own_fd int fd = -1;
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = bind_as(fd, &address, owner);
	if (r < 0)
		return r;
	return listen(fd, WAITING) ? -errno : TAKE_FD(fd);
}
