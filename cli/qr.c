// SPDX-License-Identifier: Apache-2.0
#include "qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdbool.h>
#include <string.h>

#define QUIET 2	/* modules of white around it */

static bool is_dark(const QRcode *qr, int x, int y)
{
	return x >= 0 && y >= 0 && x < qr->width && y < qr->width && (qr->data[y * qr->width + x] & 1);
}

int qr_put(FILE *out, const char *text)
{
	/* Upper half in the first colour, lower half in the second: white on black, black on white ... */
	static const char *const halves[] = { "\u2588", "\u2580", "\u2584", " " };
	QRcode *qr = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);

	if (!qr)
		return -errno;
	for (int y = -QUIET; y < qr->width + QUIET; y += 2) {
		fputs("\033[97;40m", out);
		for (int x = -QUIET; x < qr->width + QUIET; x++)
			fputs(halves[2 * is_dark(qr, x, y) + is_dark(qr, x, y + 1)], out);
		fputs("\033[0m\n", out);
	}
	memset(qr->data, 0, (size_t)(qr->width * qr->width));
	QRcode_free(qr);
	return 0;
}
