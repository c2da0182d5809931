"""What the suites of Python clients share: a bucket for each test, and bytes to be compared."""

import hashlib
import os
import random
import uuid

import boto3
import pytest
from botocore.config import Config
from tls import TlsFront

MIB = 1024**2


@pytest.fixture(scope="session")
def over_http():
    """boto3 with its defaults, as its environment tells it: checksums of bodies come as headers."""
    return boto3.client("s3", config=Config(s3={"addressing_style": "path"}))


@pytest.fixture(scope="session")
def over_tls():
    """The same over TLS, where boto3 sends bodies aws-chunked, with their checksum as a trailer."""
    with TlsFront(os.environ["AWS_ENDPOINT_URL_S3"]) as front:
        config = Config(s3={"addressing_style": "path"})
        yield boto3.client("s3", endpoint_url=front.endpoint, verify=front.authority, config=config)


@pytest.fixture(params=["over_http", "over_tls"])
def s3(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def bucket(over_http):
    """Its name. It is empty, and this test's alone."""
    name = f"python-{uuid.uuid4()}"
    over_http.create_bucket(Bucket=name)
    return name


def some_bytes(size, seed=0):
    """The same ones each time, like no others."""
    return random.Random(f"{size} {seed}").randbytes(size)


def etag_of(body, part_size=None):
    """As S3's documentation says: the MD5; of an upload in parts, the MD5 of their MD5s, and their number."""
    if part_size is None:
        return f'"{hashlib.md5(body).hexdigest()}"'
    parts = [body[at : at + part_size] for at in range(0, len(body), part_size)]
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


HOSTILE_KEYS = [
    "a name with spaces",
    " leading and trailing ",
    "plus+plus",
    "100%",
    "%41 is no A",
    "%2F is no slash",
    "this&that",
    "a:b",
    "time=12:00:00/part-0.csv",
    "question?mark=1",
    "hash#mark",
    "semi;colon,comma",
    "quotes\"'`",
    "back\\slash",
    "<tag>&amp;</tag>",
    "brackets[0]{1}(2)",
    "stars*!~$@^|",
    "dots/../up",
    "./here",
    "..",
    "two//slashes",
    "/leading slash",
    "trailing slash/",
    "Müller/日本語/emoji 😀",
    "composed \u00e9, decomposed e\u0301",
    "tab\tand line\nfeed",
    "x" * 1024,
]
