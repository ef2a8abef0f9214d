"""Files as streams of plain bytes, whatever they are packed with, and what is wrong with those that can't be read."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow
import zstandard

from connectors.contract import SourceError

ZSTD_LONGEST_WINDOW = 2**31
"""Reddit's monthly dumps are packed with a window of 2 GB; readers have to allow it."""
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_ASIDE = b"\x2a\x4d\x18"
"""Second to fourth byte of a frame that holds something else, as pzstd sets before each."""
HEAD = 4096
_MAGIC = {
    b"PK\x03\x04": "a ZIP archive (or an Excel workbook)",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"SQLite format 3": "an SQLite database",
    b"\x89PNG": "a picture",
}


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file, open for as long as the block. What goes wrong with it, in the block too, is a `SourceError`."""
    try:
        with path.open("rb") as file:
            yield file
    except gzip.BadGzipFile as error:  # an OSError too, but not one of the path
        raise _damaged(path, error) from error
    except OSError as error:
        if error.errno is None:
            raise _damaged(path, error) from error
        raise SourceError(f"{path.name}: {error.strerror}. Check the path in the config: {path}") from error
    except (EOFError, zlib.error, zstandard.ZstdError, pyarrow.ArrowException) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"{path.name} is cut off or damaged ({error}). What could be read was taken; give the whole file."
    )


def unpacked(file: IO[bytes], head: bytes) -> tuple[IO[bytes], bytes]:
    """The stream of plain bytes of a file that begins with `head`, and the first of them."""
    if head.startswith(b"\x1f\x8b"):
        stream: Any = lambda: gzip.GzipFile(fileobj=file)  # noqa: E731
    elif head.startswith(_ZSTD) or head[1:4] == _ZSTD_ASIDE:
        stream = lambda: io.BufferedReader(_ZstdFile(file), 2**20)  # noqa: E731
    else:
        return file, head
    head = stream().read(HEAD)
    file.seek(0)
    return stream(), head


def other_kind(head: bytes) -> str | None:
    """What a file is that begins so, where it is something that we don't read."""
    return next((what for magic, what in _MAGIC.items() if head.startswith(magic)), None)


class _ZstdFile(io.RawIOBase):
    """What a zstd file holds. The library's own reader takes one that is cut off for one that ends there."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        unpacker = zstandard.ZstdDecompressor(max_window_size=ZSTD_LONGEST_WINDOW)
        self._reader = unpacker.stream_reader(file, read_across_frames=True)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read: int = self._reader.readinto(buffer)
        if not read and not _is_whole(self._file):
            raise EOFError("it ends in the middle of a block")
        return read


def _is_whole(file: IO[bytes]) -> bool:
    """Whether a zstd file ends where one of its frames does. Goes from block to block, unpacking none (RFC 8878)."""
    size = file.seek(0, io.SEEK_END)
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(18)
        if head[1:4] == _ZSTD_ASIDE:
            at += 8 + int.from_bytes(head[4:8], "little")
            continue
        try:
            has_checksum = zstandard.get_frame_parameters(head).has_checksum
            at += zstandard.frame_header_size(head)
        except zstandard.ZstdError:
            return False
        is_last = False
        while not is_last:
            file.seek(at)
            block = int.from_bytes(file.read(3), "little")
            is_last, is_repeated = bool(block & 1), block >> 1 & 3 == 1
            at += 3 + (1 if is_repeated else block >> 3)
            if at > size:
                return False
        at += 4 if has_checksum else 0
    return at == size
