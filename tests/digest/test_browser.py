"""The page in a real browser whose every connection is watched: nothing is fetched, nothing runs, nothing complains."""

import contextlib
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from pipelines.digest.step import digest
from tests.digest.small_marts import NOW, SETTINGS, UNTIL, Marts

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium")
HOSTILE = (
    "<script>document.title='owned';console.error('ran')</script><img src=http://evil.example/pixel.png "
    "onerror=\"document.title='owned'\"><link rel=stylesheet href=http://evil.example/x.css><iframe src=http://evil.example>"
)


class Wire:
    """A proxy that refuses everything and keeps the first line of what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(1)
                with contextlib.suppress(OSError):
                    self.asked.append(connection.recv(4096).decode("latin-1").partition("\r\n")[0])
                    connection.sendall(b"HTTP/1.1 502 Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def close(self) -> None:
        self._server.close()


def browse(page: Path, profile: Path) -> tuple[str, list[str], list[str]]:
    """The page's DOM after loading, the console's lines, and what the page asked of the network."""
    with contextlib.closing(Wire()) as wire:
        done = subprocess.run(
            [
                str(CHROMIUM),
                *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
                *("--enable-logging=stderr", f"--user-data-dir={profile}", f"--proxy-server=127.0.0.1:{wire.port}"),
                *("--timeout=10000", "--dump-dom", page.as_uri()),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, console, [line for line in wire.asked if "evil.example" in line]


def test_nothing_runs_and_nothing_is_fetched(marts: Marts, tmp_path: Path) -> None:
    marts.fill_a_week()
    hostile = dict.fromkeys(("text", "title", "author_handle", "author_name", "community"), HOSTILE)
    marts.mentions(4, NOW, "negative", themes=["price"], is_answered=False, **hostile)
    files = digest(marts.publish(), tmp_path / "digests", SETTINGS, UNTIL)

    dom, console, asked = browse(files.html, tmp_path / "profile")

    assert (console, asked) == ([], [])
    assert "<title>What was said · 24–30 April 2026</title>" in dom
    assert "&lt;script&gt;document.title=" in dom
    assert dom.count("<svg") > 4


def test_the_watch_itself_sees_a_page_that_runs_and_fetches(tmp_path: Path) -> None:
    page = tmp_path / "hostile.html"
    page.write_text(f"<!doctype html><title>x</title>{HOSTILE}", encoding="utf-8")

    dom, console, asked = browse(page, tmp_path / "profile")

    assert "<title>owned</title>" in dom
    assert console
    assert asked
