"""Gzip, undone strictly: members one after another are whole, or the source is damaged."""

import zlib
from collections.abc import Iterable, Iterator

_PIECE = 1024 * 1024
"""Bytes undone at a time, so that a swelling member is met in bounded memory."""

_GZIP = 31
"""zlib's window bits for the gzip format alone."""


class DamagedGzip(Exception):
    """A member incomplete, a wrong CRC or size, or bytes after the last member."""


def gunzip(body: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Undoes gzip of `size` bytes. Bytes come before the damage behind them shows.

    Raises `DamagedGzip`; a fault of `body` as it is.
    """
    member = zlib.decompressobj(_GZIP)
    read = 0
    for chunk in body:
        read += len(chunk)
        left = chunk
        while left:
            if member.eof:
                # As gzip itself does, padding of zeros is told from another member.
                if left[0] == 0:
                    follow = size - read + len(left)
                    raise DamagedGzip(f"{follow} bytes follow the last member")
                member = zlib.decompressobj(_GZIP)
            piece = _undo(member, left)
            left = member.unused_data if member.eof else member.unconsumed_tail
            if piece:
                yield piece
    yield from _rest(member)
    if not member.eof:
        raise DamagedGzip("its last member is incomplete")


def _rest(member: "zlib._Decompress") -> Iterator[bytes]:
    """What the member holds back when all of its bytes are read already."""
    while not member.eof:
        piece = _undo(member, member.unconsumed_tail)
        if not piece:
            return
        yield piece


def _undo(member: "zlib._Decompress", compressed: bytes) -> bytes:
    try:
        return member.decompress(compressed, _PIECE)
    except zlib.error as error:
        # `Error -3 while decompressing data: incorrect data check`
        raise DamagedGzip(str(error).rpartition(": ")[2]) from error
