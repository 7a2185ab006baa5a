"""An S3 server in this process, as far as listing (in pages), reading, writing and deleting go."""

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape, unescape

_PAGE = 1000
_TIME = "2026-01-01T00:00:00.000Z"


class _Handler(BaseHTTPRequestHandler):
    objects: dict[str, bytes]
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        query = self._query()
        if "list-type" in query:
            self._answer(200, self._listing(query.get("prefix", ""), query.get("delimiter"), query))
        elif (data := self.objects.get(self._key())) is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._answer(200, data)

    do_HEAD = do_GET  # noqa: N815  # the names are the library's

    def do_PUT(self):
        self.objects[self._key()] = self._body()
        self._answer(200)

    def do_POST(self):
        keys = re.findall("<Key>(.*?)</Key>", self._body().decode())
        for key in keys:
            self.objects.pop(unescape(key), None)
        deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        self._answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())

    def _listing(self, prefix, delimiter, query):
        after = query.get("continuation-token", query.get("start-after", ""))
        found = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        rest = {key: key[len(prefix) :].partition(delimiter or "\0") for key in found}
        folders = sorted({f"{prefix}{head}/" for head, separator, _ in rest.values() if separator})
        files = [key for key, (_, separator, _) in rest.items() if not separator]
        page, more = files[:_PAGE], len(files) > _PAGE
        parts = [f"<Contents><Key>{escape(key)}</Key><LastModified>{_TIME}</LastModified>"
                 f"<ETag>e</ETag><Size>{len(self.objects[key])}</Size></Contents>" for key in page]  # fmt: skip
        parts += [f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>" for folder in folders]
        parts += [f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>"] if more else []
        inside = f"<IsTruncated>{str(more).lower()}</IsTruncated>{''.join(parts)}"
        return f"<ListBucketResult>{inside}</ListBucketResult>".encode()

    def _query(self):
        return {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}

    def _key(self):
        return unquote(urlsplit(self.path).path).partition("/bucket/")[2]

    def _body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"e"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def serving():
    """The URL of a server whose bucket is called `bucket`, and the objects in it."""
    handler = type("Handler", (_Handler,), {"objects": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler.objects
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
