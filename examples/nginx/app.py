"""An application that knows nothing of Microsoft, OpenID Connect or Entrada: nginx passes on who the user is."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


class Reports(BaseHTTPRequestHandler):
    def do_GET(self):
        person = unquote(self.headers["X-Auth-Request-User"])  # what is not plain ASCII comes percent-encoded
        key = self.headers["X-Auth-Request-Id"]  # for the application's own tables: it never changes
        body = json.dumps({"reportsOf": person, "key": key}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "private, no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


# Listens on loopback only: a client that reached it without nginx could pretend to be any user.
ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("APPLICATION_PORT", "8080"))), Reports).serve_forever()
