"""Objects of a bucket."""

import io

import pytest
from botocore.exceptions import IncompleteReadError, ResponseStreamingError

from topline_glue.aws import ObjectStore
from topline_glue.errors import ToplineError

from .spied_client import refusal

KEYS = [
    "a b",
    "plus+plus",
    "100%",
    "%41",
    "a:b?c#d",
    "Müller/日本語 😀",
    "two//slashes",
    "x" * 1024,
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:20])
def test_comes_back_under_its_key_whatever_that_spells(store, key):
    store.put(key, b"hello", content_type="text/plain")
    assert list(store.list("")) == [key]
    assert (store.read(key), store.size(key)) == (b"hello", 5)
    store.delete(key)
    assert store.read(key) is None


def test_what_is_not_there_is_told(store):
    assert store.read("none") is None
    assert store.read_text("none") is None
    for ask in [store.size, store.open]:
        with pytest.raises(ToplineError, match='no object "none"') as raised:
            ask("none")
        assert raised.value.code == "OBJECT_NOT_FOUND"
    store.delete("none")


def test_text_is_read_without_its_byte_order_mark(store):
    store.put("k", "\ufeffé".encode())
    assert store.read_text("k") == "é"
    store.put("k", b"\xff")
    with pytest.raises(ToplineError, match="k is not UTF-8") as raised:
        store.read_text("k")
    assert raised.value.code == "STATE_CORRUPT"


def test_a_key_that_is_taken_is_not_put_where_it_must_be_free(store):
    store.put("k", b"first", if_none_match=True)
    with pytest.raises(ToplineError, match='There is an object "k"') as raised:
        store.put("k", b"second", if_none_match=True)
    assert raised.value.code == "OBJECT_EXISTS"
    assert store.read("k") == b"first"
    store.put("k", b"third")
    assert store.read("k") == b"third"


def test_more_keys_than_a_page_holds_are_listed_in_order(store):
    keys = [f"p/{at:04}" for at in range(1_050)]
    for key in keys:
        store.put(key, b"")
    store.put("q", b"x")
    assert list(store.list("p/")) == keys
    (found,) = store.objects("q")
    assert (found.key, found.size) == ("q", 1)


def test_a_bucket_that_is_not_there_is_a_fault_that_does_not_pass(s3):
    with pytest.raises(ToplineError, match="Create bucket nobodys") as raised:
        list(ObjectStore(s3, "nobodys").list(""))
    assert raised.value.code == "STORE_REFUSED"


def test_a_body_is_read_as_a_file_is(store):
    store.put("k", b"line 1\nline 2\n")
    with io.BufferedReader(store.open("k")) as body:
        assert body.readlines() == [b"line 1\n", b"line 2\n"]
    store.put("empty", b"")
    with store.open("empty") as body:
        assert (body.size, body.read(), body.read(5)) == (0, b"", b"")


class BrokenLine:
    """A client of S3 whose answers break off after some bytes, a number of times."""

    def __init__(self, client, fault, good_bytes, times):
        self._client = client
        self._fault = fault
        self._good = good_bytes
        self.left = times
        self.requests = []

    def get_object(self, **request):
        self.requests.append(request)
        answer = self._client.get_object(**request)
        if self.left > 0:
            self.left -= 1
            answer["Body"] = _BrokenBody(answer["Body"].read(), self._good, self._fault)
        return answer


class _BrokenBody:
    def __init__(self, body, good, fault):
        self._body = io.BytesIO(body[:good])
        self._fault = fault

    def read(self, size):
        found = self._body.read(size)
        if found == b"":
            raise self._fault
        return found

    def close(self):
        pass


@pytest.mark.parametrize(
    "fault",
    [
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        ResponseStreamingError(error="reset"),
    ],
    ids=["too short", "reset"],
)
def test_a_body_goes_on_where_the_line_broke(s3, bucket, store, clock, fault):
    body = bytes(range(256)) * 10
    store.put("k", body)
    line = BrokenLine(s3, fault, good_bytes=100, times=4)
    with ObjectStore(line, bucket, clock).open("k") as found:
        assert b"".join(iter(lambda: found.read(64), b"")) == body
    first, *others = line.requests
    assert "Range" not in first
    assert [request["Range"] for request in others] == [
        f"bytes={100 * at}-2559" for at in (1, 2, 3, 4)
    ]
    assert len({request["IfMatch"] for request in others}) == 1


def test_a_body_that_was_replaced_meanwhile_is_no_mix(s3, bucket, store, clock):
    store.put("k", b"old" * 100)
    line = BrokenLine(s3, ResponseStreamingError(error="reset"), good_bytes=9, times=1)
    with ObjectStore(line, bucket, clock).open("k") as found:
        assert found.read(9) == b"oldoldold"
        store.put("k", b"new" * 100)
        with pytest.raises(ToplineError, match="was replaced") as raised:
            found.read()
    assert raised.value.code == "OBJECT_CHANGED"


def test_a_line_that_stays_broken_is_given_up(s3, bucket, store, clock):
    store.put("k", b"hello")
    line = BrokenLine(s3, ResponseStreamingError(error="reset"), good_bytes=0, times=100)
    with pytest.raises(ToplineError) as raised:
        ObjectStore(line, bucket, clock).read("k")
    assert raised.value.code == "STORE_UNAVAILABLE"
    assert len(line.requests) == 10


def test_two_conditional_writes_that_met_are_tried_again(store, clock):
    class Meeting:
        def __init__(self):
            self.attempts = 0

        def put_object(self, **_):
            self.attempts += 1
            if self.attempts < 3:
                raise refusal("ConditionalRequestConflict", 409)

    client = Meeting()
    ObjectStore(client, "b", clock).put("k", b"", if_none_match=True)
    assert client.attempts == 3
