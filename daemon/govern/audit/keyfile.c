// SPDX-License-Identifier: Apache-2.0
/* keyfile.c - see keyfile.h */
#include "keyfile.h"

#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

/* Nobody else's file, and nobody else may read it. */
static int check_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 077) ? 0 : -EPERM;
}

int keyfile_read(const char *path, uint8_t ret_seed[SEED_BYTES])
{
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[2 * SEED_BYTES + 2] = "";
	ssize_t n;
	int r;

	if (fd < 0)
		return -errno;
	r = check_file(fd);
	if (r < 0)
		return r;
	n = read(fd, text, sizeof(text) - 1);
	if (n == 2 * SEED_BYTES + 1 && text[2 * SEED_BYTES] == '\n')
		text[2 * SEED_BYTES] = 0;
	r = n < 0 ? -errno : hex_read(text, ret_seed, SEED_BYTES) ? 0 : -EBADMSG;
	sodium_memzero(text, sizeof(text));
	return r;
}

int keyfile_make(const char *path, uint8_t ret_seed[SEED_BYTES])
{
	own_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	char text[2 * SEED_BYTES + 2];
	int r = 0;

	if (fd < 0)
		return -errno;
	randombytes_buf(ret_seed, SEED_BYTES);
	sodium_bin2hex(text, sizeof(text), ret_seed, SEED_BYTES);
	text[2 * SEED_BYTES] = '\n';
	if (write(fd, text, 2 * SEED_BYTES + 1) != 2 * SEED_BYTES + 1 || fsync(fd) < 0)
		r = -EIO;
	sodium_memzero(text, sizeof(text));
	return r;
}
