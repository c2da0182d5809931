"""Gzip undone as strictly as `@topline/kpi-engine` does it."""

import gzip
import random
import zlib

import pytest

from topline_glue.spark.gunzip import DamagedGzip, gunzip

ONE = gzip.compress(b"hello world " * 50)
TWO = gzip.compress(b"second member " * 50)
EMPTY = gzip.compress(b"")


def undo(data: bytes, size: int) -> bytes:
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return b"".join(gunzip(pieces, len(data)))


def flipped(data: bytes, at: int) -> bytes:
    copy = bytearray(data)
    copy[at] ^= 1
    return bytes(copy)


@pytest.mark.parametrize(
    ("data", "content"),
    [
        (ONE, b"hello world " * 50),
        (ONE + TWO, b"hello world " * 50 + b"second member " * 50),
        (ONE + EMPTY + TWO, b"hello world " * 50 + b"second member " * 50),
        (EMPTY, b""),
        (gzip.compress(b"x" * 5_000_000), b"x" * 5_000_000),
    ],
)
def test_whole_gzip_is_undone_however_it_is_cut(data: bytes, content: bytes):
    for size in {*range(1, 120), len(data)}:
        assert undo(data, size) == content


@pytest.mark.parametrize(
    ("data", "damage"),
    [
        (b"", "its last member is incomplete"),
        (ONE[:5], "its last member is incomplete"),
        (ONE[:-1], "its last member is incomplete"),
        (ONE[:-8], "its last member is incomplete"),
        (flipped(ONE, -8), "incorrect data check"),
        (flipped(ONE, -2), "incorrect length check"),
        (ONE + TWO[:-3], "its last member is incomplete"),
        (ONE + b"\0", "1 bytes follow the last member"),
        (ONE + bytes(512), "512 bytes follow the last member"),
        (ONE + b"garbage", "incorrect header check"),
        (ONE + b"\x1f", "its last member is incomplete"),
        (ONE + bytes(4) + TWO, f"{4 + len(TWO)} bytes follow the last member"),
        (b"user_id,track_id,listen_time\n", "incorrect header check"),
    ],
)
def test_damage_shows_however_the_bytes_are_cut(data: bytes, damage: str):
    for size in range(1, len(data) + 2):
        with pytest.raises(DamagedGzip, match=f"^{damage}$"):
            undo(data, size)


def test_any_pieces_are_undone_or_damaged_as_a_strict_reader_says():
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    kinds = [
        lambda: gzip.compress(chance.randbytes(chance.randrange(80))),
        lambda: gzip.compress(chance.randbytes(20))[: -chance.randrange(1, 30)],
        lambda: bytes(chance.randrange(6)),
        lambda: chance.choice([b"garbage", b"\x1f", b"\x1f\x8b"]),
    ]
    for _ in range(500):
        pieces = chance.choices(kinds, weights=[6, 1, 1, 1], k=chance.randrange(1, 5))
        data = b"".join(piece() for piece in pieces)
        expected = strictly(data)
        try:
            found = undo(data, chance.randrange(1, 200))
        except DamagedGzip:
            found = None
        assert found == expected, f"seed {seed}"


def strictly(data: bytes) -> bytes | None:
    """With all of it in memory; `None` for damage."""
    content = b""
    while data or not content:
        member = zlib.decompressobj(31)
        try:
            content += member.decompress(data)
        except zlib.error:
            return None
        if not member.eof:
            return None
        data = member.unused_data
        if not data:
            return content
    return content


def test_a_swelling_member_is_undone_in_pieces():
    bomb = gzip.compress(bytes(50_000_000))
    assert max(len(piece) for piece in gunzip([bomb], len(bomb))) <= 1024 * 1024
