# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the daemon: answers the API of the control socket from canned documents and records what it was asked.

As a module: Fake(path) serves routes in threads; tests add and change routes while it runs.
"""
import http.server
import json
import os
import socketserver
import threading
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("utf-8", "surrogateescape")
        parts = urllib.parse.urlsplit(self.path)
        asked = {"method": self.command, "path": parts.path, "query": parts.query, "body": body,
                 "last": self.headers.get("Last-Event-ID")}
        fake = self.server.fake
        with fake.lock:
            fake.asked.append(asked)
            route = fake.routes.get((self.command, parts.path))
        if callable(route):
            route = route(asked)
        if route is None:
            route = (404, {"error": {"code": "not_found", "message": "no such thing: " + parts.path, "hint": "list them"}})
        status, document = route
        if status == "stream":
            self.stream(document)
            return
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, chunks):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for chunk in chunks:
                self.wfile.write(chunk)
                self.wfile.flush()
        except OSError:
            pass
        self.close_connection = True

    do_GET = do_POST = do_DELETE = answer

    def address_string(self):
        return "unix"

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that went away is what some tests are about."""
    request_queue_size = 64


class Fake:
    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.routes = {}
        self.asked = []
        if os.path.exists(path):
            os.unlink(path)
        self.server = Server(path, Handler)
        self.server.fake = self
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def set(self, method, path, status, document):
        with self.lock:
            self.routes[(method, path)] = (status, document)

    def call(self, method, path, function):
        with self.lock:
            self.routes[(method, path)] = function

    def last(self, method=None):
        with self.lock:
            return [a for a in self.asked if not method or a["method"] == method][-1]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        os.unlink(self.path)
