// SPDX-License-Identifier: Apache-2.0
/* fuzz_api_ws.c - what a client sends over a WebSocket, in pieces whose length is the first byte of the input */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/ws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ws_reader r = { 0 };
	size_t piece = size ? (size_t)data[0] + 1 : 1, used, length;
	char key[64], accept[WS_ACCEPT_SIZE];
	enum ws_op op;
	int result = 0;

	snprintf(key, sizeof(key), "%.*s", (int)(size < 60 ? size : 60), (const char *)data);
	if (ws_accept(key, accept) && strlen(accept) != WS_ACCEPT_SIZE - 1)
		abort();
	for (size_t at = 1; result >= 0 && at < size; at += used) {
		result = ws_read(&r, data + at, size - at < piece ? size - at : piece, &used, &op, &length);
		if (!used || (result > 0 && (length > WS_CONTROL_MAX || (op != WS_CLOSE && op != WS_PING && op != WS_PONG))))
			abort();
	}
	return 0;
}
