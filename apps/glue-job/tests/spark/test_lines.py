"""Lines cleaned as `@topline/kpi-engine` cleans them."""

import random

import pytest

from topline_glue.spark.lines import KEPT, MAX_LINE, LineCleaner, Lines, text_as_read

BOM = b"\xef\xbb\xbf"


def clean(data: bytes, size: int = 1 << 20) -> list[Lines]:
    cleaner = LineCleaner()
    found = [
        lines for at in range(0, len(data), size) for lines in cleaner.push(data[at : at + size])
    ]
    return [*found, *cleaner.end()]


def lines_of(data: bytes, size: int = 1 << 20) -> list[str]:
    return [line for lines in clean(data, size) for line in lines.text.split("\n")]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\nb", ["a", "b"]),
        (b"a\r\nb\rc\n\rd\r\r\n", ["a", "b", "c", "d"]),
        (b"\n\r\n\na\n\n\n", ["a"]),
        (b"", []),
        (b"\r\n\n", []),
        (BOM + b"a\n" + BOM + b"b", ["a", "\ufeffb"]),
        (BOM, []),
        (BOM[:2], ["\0t\ufffd"]),
        (b" \n\t\n", [" ", "\t"]),
        ("é\U0001f3b5\n\ufffd\n".encode(), ["é\U0001f3b5", "\ufffd"]),
        (b"a\xffb\nc", ["\0ta\ufffdb", "c"]),
        (b"a\0\n\x01\n\x02\x02", ["\0ta\0", "\x01", "\x02\x02"]),
    ],
)
def test_lines_end_anywhere_and_are_never_empty(data: bytes, expected: list[str]):
    for size in range(1, len(data) + 2):
        assert lines_of(data, size) == expected


def test_any_cut_of_any_bytes_gives_the_same_lines():
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    pieces = [b"\n", b"\r", b"\r\n", b"a", b"\xff", b"\0", BOM, "é".encode(), b'"', b" ", b","]
    for _ in range(300):
        data = b"".join(chance.choices(pieces, k=chance.randrange(40)))
        whole = lines_of(data)
        assert lines_of(data, chance.randrange(1, 9)) == whole, f"seed {seed}"
        ends = data.removeprefix(BOM).replace(b"\r", b"\n").split(b"\n")
        assert [text_as_read(line.encode()) for line in whole] == [
            line.decode(errors="replace") for line in ends if line
        ], f"seed {seed}"


@pytest.mark.parametrize("more", [-1, 0, 1, 5 * MAX_LINE])
@pytest.mark.parametrize("size", [1000, MAX_LINE, 1 << 22])
def test_a_line_of_more_than_a_mebibyte_is_cut(more: int, size: int):
    bytes_ = MAX_LINE + more
    first, long, last = lines_of(b"a\n" + b"x" * bytes_ + b"\r\nb", size)
    assert (first, last) == ("a", "b")
    if more <= 0:
        assert long == "x" * bytes_
    else:
        cut = f"{'x' * KEPT} … (cut here: the line has {bytes_} bytes)"
        assert long == f"\0t{cut}"
        assert text_as_read(long.encode()) == cut


def test_a_text_that_grows_beyond_a_mebibyte_when_it_is_written_is_cut():
    line = b"\xff" * (MAX_LINE // 3 - 1)
    assert text_as_read(line).endswith("\ufffd")
    longer = b"\xff" * (MAX_LINE // 3)
    cut = f"{chr(0xFFFD) * KEPT} … (cut here: the line has {len(longer)} bytes)"
    assert text_as_read(longer) == cut
    assert lines_of(longer + b"\n") == ["\0t" + cut]


@pytest.mark.parametrize(
    ("held", "text"),
    [
        (b"a,b", "a,b"),
        (b"a\xff", "a\ufffd"),
        (b"\xed\xa0\x80", "\ufffd" * 3),
        (b"\xf0\x9f\x98", "\ufffd"),
        (b"\0tread before", "read before"),
        (b"\0r\0raw\xff", "\0raw\ufffd"),
        (b"\0c2000000:begun\xff", "begun\ufffd … (cut here: the line has 2000000 bytes)"),
    ],
)
def test_texts_are_read_back_as_they_came(held: bytes, text: str):
    assert text_as_read(held) == text


@pytest.mark.parametrize(
    ("data", "is_plain"),
    [
        (b"a,b c,!#~\nd\n", True),
        (b"x" * 255, True),
        (b"x" * 256, False),
        (b'a"b', False),
        (b"a ,b", False),
        (b"a, b", False),
        (b" a", False),
        (b"a \nb", False),
        (b"a\tb", False),
        (b"a\x7f", False),
        ("é".encode(), False),
        (b"a\xff", False),
    ],
)
def test_plain_lines_are_told(data: bytes, is_plain: bool):
    assert all(lines.is_plain for lines in clean(b"a,b\n" + data)) is is_plain
