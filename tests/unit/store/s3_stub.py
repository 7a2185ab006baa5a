"""An S3 server that answers every request alike: for what the errors of real ones mean to us."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from levada.store.config import from_mapping
from levada.store.stores import Stores

SECRET = "do-not-show-me"


def error(code, message="said the store"):
    return f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'.encode()


@contextmanager
def answering(status, body=b"", granted=None):
    """The URL of a server that gives this answer; to requests signed with the key `granted`, an empty 200."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            is_granted = granted and f"Credential={granted}/" in self.headers.get("Authorization", "")
            code, content = (200, b"") if is_granted else (status, body)
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", '"e"')
            self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_HEAD = do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815  # the names are the library's

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def stores_at(endpoint, patience=0.5):
    """The stores of a namespace whose S3 server is there."""
    return Stores(config_at(endpoint), patience=patience)


def config_at(endpoint):
    """The settings of that; keys are set, so that no identity is looked for elsewhere."""
    return from_mapping(settings_at(endpoint) | keys("id"))


def settings_at(endpoint):
    """As a ConfigMap has them."""
    return {"url": "s3://bucket/root", "endpoint": endpoint}


def keys(key):
    """As a Secret has them."""
    return {"accessKeyId": key, "secretAccessKey": SECRET}
