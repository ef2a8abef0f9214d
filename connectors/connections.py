"""Connections within bounds: made and read until a deadline, and to public addresses only where that is asked.

urllib3's own timeouts bound each read, so that a byte now and then holds a request for ever, and let a name resolver
and a list of addresses take as long as they like.
"""

import io
import ipaddress
import queue
import socket
import threading
import time
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import Any, NamedTuple

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family, create_connection


class Bounds(NamedTuple):
    """What holds for a request."""

    deadline: float
    """When its answer must have been read, on the monotonic clock."""
    public_only: bool
    """Whether a name must not lead to a private address."""


bounds: ContextVar[Bounds] = ContextVar("bounds")
"""The bounds of the request that is being sent."""


# Neither is an OSError: urllib3 would repeat the request, and requests would give them another meaning.


class OverdueError(Exception):
    """The deadline has passed."""


class NotPublicError(Exception):
    """A name leads to private addresses only."""


class _ReaderInTime(io.RawIOBase):
    """Reads from a socket until the deadline; what reads by the line or block asks it as often as something comes."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw: Any = sock.makefile("rb", buffering=0)
        self._deadline = bounds.get().deadline
        self._patience = sock.gettimeout() or float("inf")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise OverdueError
        self._sock.settimeout(min(left, self._patience))
        try:
            count: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            if left <= self._patience:
                raise OverdueError from None
            raise
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _SocketInTime:
    """A socket as far as `http.client` needs it to read a response."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_ReaderInTime(self._sock))


class _InBounds:
    """A connection that is made, and whose responses are read, within the bounds of the request."""

    host: str
    _dns_host: str
    port: int
    timeout: float
    proxy: Any
    source_address: tuple[str, int] | None
    socket_options: Any

    def response_class(self, sock: socket.socket, *args: Any, **kwargs: Any) -> HTTPResponse:
        return HTTPResponse(_SocketInTime(sock), *args, **kwargs)  # type: ignore[arg-type]

    def _new_conn(self) -> socket.socket:
        deadline, public_only = bounds.get()
        deadline = min(deadline, time.monotonic() + self.timeout)
        connection: Any = self
        try:
            found = _resolved(self._dns_host, self.port, deadline)
            if public_only and self.proxy is None and not _is_meant(self.host):
                found = [address for address in found if _is_public(address)]
                if not found:
                    raise NotPublicError
            return self._connected(found, deadline)
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, connection, error) from error  # type: ignore[arg-type]
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, f"no connection to {self.host} in {self.timeout:.0f} s") from error
        except OSError as error:
            raise NewConnectionError(connection, f"no connection to {self.host}: {error}") from error

    def _connected(self, addresses: list[str], deadline: float) -> socket.socket:
        """A connection to the first of these addresses that accepts one."""
        failure: OSError = TimeoutError()
        for address in addresses:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                return create_connection((address, self.port), left, self.source_address, self.socket_options)
            except OSError as error:
                failure = error
        raise failure


def _resolved(host: str, port: int, deadline: float) -> list[str]:
    """Addresses of a host in numbers. Looked up in a thread of its own, as a resolver can't be told to hurry."""
    found: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(host.strip("[]"), port, allowed_gai_family(), socket.SOCK_STREAM)
            found.put([str(answer[4][0]) for answer in answers])
        except Exception as error:  # whatever it is, it is raised below
            found.put(error)

    threading.Thread(target=look_up, daemon=True, name="resolver").start()
    try:
        answer = found.get(timeout=max(0.0, deadline - time.monotonic()))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer


_LOCAL_NAMES = (".localhost", ".local", ".internal", ".home.arpa", ".lan")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _is_meant(host: str) -> bool:
    """Whether a host can only be meant to be private, if it is: nobody elsewhere decides what such a name leads to."""
    host = host.lower().strip("[]").rstrip(".")
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_NAMES)
    return True


def _is_public(address: str) -> bool:
    """Whether an address in numbers is one of the open internet."""
    there = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(there, ipaddress.IPv6Address):
        packed = ipaddress.IPv4Address(there.packed[-4:]) if there in _NAT64 else None
        there = there.ipv4_mapped or there.sixtofour or packed or there
    return there.is_global and not there.is_multicast and not there.is_reserved


class _PlainConnection(_InBounds, HTTPConnection):  # type: ignore[misc]
    pass


class _SecureConnection(_InBounds, HTTPSConnection):  # type: ignore[misc]
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection  # type: ignore[assignment]


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection  # type: ignore[assignment]


POOLS = {"http": _PlainPool, "https": _SecurePool}
"""urllib3's pools by scheme, of connections that keep within bounds."""
