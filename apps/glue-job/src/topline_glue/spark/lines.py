"""Bytes of any kind as what Spark holds as text without loss: lines of UTF-8, none of them empty.

A line that cannot be had so begins with `chr(0)` and one letter that says what follows:
`t` its text as read, `r` its raw bytes, `c` its length, a colon and its first bytes. The plan's SQL
calls each of them malformed; what makes any other line good or bad is the plan's SQL, too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_LINE = 1_048_576
"""Bytes of a line without its end; the dialect sets longer ones aside."""

KEPT = 65_536
"""Bytes of a line beyond `MAX_LINE` which are kept for its text."""

_BOM = b"\xef\xbb\xbf"
_ENDS = re.compile(rb"\n{2,}")


@dataclass(frozen=True)
class Lines:
    """Some lines in order, joined by LF."""

    text: str
    count: int
    is_plain: bool
    """As `heads.is_plain` has it."""


class LineCleaner:
    """Takes bytes in pieces of any size; gives the lines that end in each."""

    def __init__(self) -> None:
        self._opening: bytes | None = b""
        self._begun = b""
        """The line that has begun, or its first `KEPT` bytes once it is too long."""
        self._begun_bytes = 0

    def push(self, piece: bytes) -> Iterator[Lines]:
        if self._opening is not None:
            piece = self._opening + piece
            if len(piece) < len(_BOM):
                self._opening = piece
                return
            self._opening = None
            piece = piece.removeprefix(_BOM)
        for at in range(0, len(piece), MAX_LINE):
            yield from self._take(piece[at : at + MAX_LINE])

    def end(self) -> Iterator[Lines]:
        """The last line, when nothing ends it."""
        if self._opening:
            yield from self._take(self._opening.removeprefix(_BOM))
        self._opening = None
        yield from self._take(b"\n")

    def _take(self, piece: bytes) -> Iterator[Lines]:
        # Empty lines are none, so CRLF may pass for two ends.
        piece = piece.replace(b"\r", b"\n")
        first = piece.find(b"\n")
        if first < 0:
            self._begin(piece)
            return
        last = piece.rfind(b"\n")
        self._begin(piece[:first])
        if self._begun_bytes > MAX_LINE:
            yield _set_aside(self._begun, self._begun_bytes)
            whole = piece[first:last]
        else:
            whole = self._begun + piece[first:last]
        rest = piece[last + 1 :]
        self._begun, self._begun_bytes = rest, len(rest)
        whole = _ENDS.sub(b"\n", whole).strip(b"\n")
        if whole:
            yield from _as_text(whole)

    def _begin(self, piece: bytes) -> None:
        self._begun_bytes += len(piece)
        if self._begun_bytes <= MAX_LINE:
            self._begun += piece
        else:
            self._begun = (self._begun[:KEPT] + piece)[:KEPT]


def text_as_read(line: bytes) -> str:
    """The text of a line, one that was set aside included, as the quarantine tells it."""
    if not line.startswith(b"\x00"):
        return _readable(line, len(line))
    kind, rest = line[1:2], line[2:]
    if kind == b"t":
        return rest.decode()
    if kind == b"r":
        return _readable(rest, len(rest))
    size, _, beginning = rest.partition(b":")
    return _readable(beginning, int(size))


def _as_text(whole: bytes) -> Iterator[Lines]:
    count = whole.count(b"\n") + 1
    text = _utf8(whole)
    if text is not None:
        yield Lines(text, count, _is_plain(whole))
        return
    lines = [_utf8(line) or "\0t" + _readable(line, len(line)) for line in whole.split(b"\n")]
    yield Lines("\n".join(lines), count, False)


def _set_aside(beginning: bytes, size: int) -> Lines:
    # A line's text keeps no line end of its own, and a cut text has none to begin with.
    return Lines("\0t" + _readable(beginning, size), 1, False)


def _utf8(text: bytes) -> str | None:
    """`None` for what is not UTF-8, or holds the mark of a line that is set aside."""
    if b"\x00" in text:
        return None
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None


def _readable(line: bytes, size: int) -> str:
    """The text of a line of `size` bytes; `line` is all of it, or `KEPT` bytes of a long one."""
    if size <= MAX_LINE:
        text = line.decode(errors="replace")
        if not _needs_marks(line) or _marked_bytes(text) <= MAX_LINE:
            return text
    beginning = line[:KEPT].decode(errors="replace")
    return f"{beginning} … (cut here: the line has {size} bytes)"


def _needs_marks(line: bytes) -> bool:
    return _utf8(line) is None or b"\x02" in line


def _marked_bytes(text: str) -> int:
    """As the DuckDB engine writes a line that it sets aside: it cuts a text where that is long."""
    return len(text.encode()) + 2 + text.count("\x01") + text.count("\x02")


_PLAIN = bytes(byte for byte in range(0x20, 0x7F) if byte != 0x22) + b"\n"
_PLAIN_BYTES = 255


def _is_plain(lines: bytes) -> bool:
    """Printable ASCII without `"`, short, and no blank beside a comma or at an end of a line."""
    if lines.translate(None, _PLAIN):
        return False
    if b" " in lines:
        framed = b"\n" + lines + b"\n"
        if any(pair in framed for pair in (b", ", b" ,", b"\n ", b" \n")):
            return False
    return max(map(len, lines.split(b"\n"))) <= _PLAIN_BYTES
