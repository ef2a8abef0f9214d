"""What can go wrong with any HTTP API: how the sandbox is to misbehave, the error it makes, and words of that error.

And a server that is no network at all.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from connectors.contract import SchemaDrift, SourceError

NO_JSON = (
    ({"kind": "html"}, SchemaDrift, "where JSON belongs"),
    ({"kind": "half-json"}, SchemaDrift, "where JSON belongs"),
    ({"kind": "empty"}, SchemaDrift, "where JSON belongs"),
)
NO_ANSWER = (
    ({"kind": "cut"}, SourceError, "failed or was cut"),
    ({"kind": "stall", "seconds": 1}, SourceError, "did not answer in time"),
)


def trouble_id(value: Any) -> str:
    """Id of a case: the body that comes, or else the kind of trouble."""
    return value.get("body") or value["kind"] if isinstance(value, dict) else ""


# A server that isn't what it should be ----------------------------------------------------------------


class Stranger(ThreadingHTTPServer):
    """Answers every request in one way, `answer`, until it is closed; `asked` are the methods and paths."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: Callable[[_Handler], None] = says(200, b"{}")
        self.asked: list[str] = []
        self.is_over = threading.Event()

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Serve in a thread of its own."""
        with self:
            threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
            yield self
            self.is_over.set()
            self.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: Stranger

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.close_connection = True
        with suppress(OSError):  # who asks may hang up
            self.server.answer(self)

    def do_POST(self) -> None:
        self.do_GET()

    def do_CONNECT(self) -> None:
        self.do_GET()

    def log_message(self, *words: object) -> None:
        pass


def says(status: int, body: bytes, **headers: str) -> Callable[[_Handler], None]:
    """An answer with a body; `Location="…"` and other headers by name."""

    def answer(handler: _Handler) -> None:
        length = int(handler.headers.get("Content-Length", "0"))
        handler.rfile.read(length)
        handler.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def drips(start: bytes, again: bytes) -> Callable[[_Handler], None]:
    """An answer that begins at once and then comes in small drops without end."""

    def answer(handler: _Handler) -> None:
        handler.wfile.write(start)
        while not handler.server.is_over.wait(0.02):
            handler.wfile.write(again)

    return answer


DRIPPING = {
    "headers": drips(b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"),
    "more and more headers": drips(b"HTTP/1.1 100 Continue\r\n", b"\r\nHTTP/1.1 100 Continue\r\n"),
    "body": drips(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n[", b" "),
    "chunks": drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "the size of a chunk": drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a"),
    "a refusal": drips(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000000\r\n\r\n", b" "),
}
"""Answers that come a little at a time for as long as anybody waits."""

PAGES = {
    "HTML": b"<!doctype html><title>Sign in</title><p>Welcome to the guest network",
    "text": b"404 page not found\n",
    "nothing": b"",
    "a gateway": b'{"message": "no Route matched with those values"}',
    "a framework": b'{"statusCode": 404, "error": "Not Found", "message": "Route GET:/x not found"}',
    "another framework": b'{"timestamp": "2026-04-20T12:00:00", "status": 404, "error": "Not Found", "path": "/x"}',
    "a small framework": b'{"detail": "Not Found"}',
    "an object of errors": b'{"errors": [{"status": "404", "title": "Not found"}]}',
    "a word": b'"not_found"',
    "a list": b'[{"error": "not_found"}]',
    "too deep": b"[" * 100_000,
}
"""What proxies, gateways and other servers say where nothing is."""
