/* SPDX-License-Identifier: Apache-2.0 */
/* http_internal.h - what http.c and http_send.c share: connections, requests on their way, answers */
#ifndef CVF_HTTP_INTERNAL_H
#define CVF_HTTP_INTERNAL_H

#include <microhttpd.h>

#include "http.h"

struct conn {
	struct conn *next;
	struct http *http;
	int fd, socket;
	struct peer peer;
	struct MHD_Connection *suspended;
	uint64_t since;	/* monotonic us: it was accepted, or its last answer was sent; 0: a stream, which may take for ever */
	bool is_answering;
};

struct exchange {
	struct request request;
	char *body;
	size_t size, room, seen;
};

struct http_listener {
	struct http *http;
	int number, fd;
	sd_event_source *source;
};

struct http {
	struct http_options options;
	struct MHD_Daemon *mhd;
	struct conn *conns;
	struct ws *sockets;	/* of http_ws.c */
	size_t conns_count;
	struct http_listener *listeners;
	sd_event_source *io, *timer, *sweep;
	struct http_counts counts;
};

/* Lets the library do what it has to; it says when it wants to run again. */
void http_run(struct http *h);

/* A stream of events was asked for over a WebSocket. */
bool http_ws_is_asked(const struct request *q);
/* Takes the stream; NULL with *status 426: not the handshake that we know; NULL otherwise: memory. */
struct MHD_Response *http_ws_response(struct conn *c, struct request *q, unsigned int *status);
void http_ws_wake(struct http *h);
void http_ws_close(struct http *h);

uint64_t http_now_us(const struct http *h);
/* Sends what the request was answered with; MHD_NO closes the connection. */
enum MHD_Result http_send(struct conn *c, struct MHD_Connection *connection, struct exchange *x, unsigned int status);

#endif
