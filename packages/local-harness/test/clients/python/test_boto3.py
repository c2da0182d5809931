"""boto3 as it comes, over HTTP and over TLS."""

import io
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import HOSTILE_KEYS, MIB, etag_of, some_bytes


def refusal(call, **arguments):
    """The code and the status with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def read(s3, bucket, key, **arguments):
    return s3.get_object(Bucket=bucket, Key=key, **arguments)["Body"].read()


@pytest.mark.parametrize("size", [0, 1, 65_536, 3 * MIB + 7])
def test_an_object_is_put_read_asked_about_and_deleted(s3, bucket, size):
    body = some_bytes(size)
    told = {"Metadata": {"by": "boto3"}, "ContentType": "text/csv", "CacheControl": "no-store"}
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, **told)
    assert put["ETag"] == etag_of(body)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == body
    head = s3.head_object(Bucket=bucket, Key="k")
    for answer in (got, head):
        assert answer["ETag"] == etag_of(body)
        assert answer["ContentLength"] == size
        assert {name: answer[name] for name in told} == told
        # What was only the manner of sending is nothing of the object's.
        assert "aws-chunked" not in answer.get("ContentEncoding", "")
    assert got["ChecksumCRC32"] == put["ChecksumCRC32"]
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_object(Bucket=bucket, Key="k")
    assert refusal(s3.head_object, Bucket=bucket, Key="k") == ("404", 404)
    assert refusal(s3.get_object, Bucket=bucket, Key="k") == ("NoSuchKey", 404)


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_a_checksum_that_is_asked_for_is_told(s3, bucket, algorithm):
    body = some_bytes(100_000)
    put = s3.put_object(Bucket=bucket, Key="k", Body=io.BytesIO(body), ChecksumAlgorithm=algorithm)
    told = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert told[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]
    assert read(s3, bucket, "k") == body


def test_gzip_stays_the_encoding_of_a_body_that_is_sent_in_chunks(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"zipped", ContentEncoding="gzip")
    assert s3.head_object(Bucket=bucket, Key="k")["ContentEncoding"] == "gzip"


def test_an_object_is_created_once(s3, bucket):
    put = {"Bucket": bucket, "Key": "k", "IfNoneMatch": "*"}
    first = s3.put_object(**put, Body=b"first")
    assert refusal(s3.put_object, **put, Body=b"second") == ("PreconditionFailed", 412)
    stale = {"Bucket": bucket, "Key": "k", "IfMatch": etag_of(b"other")}
    assert refusal(s3.put_object, **stale, Body=b"x") == ("PreconditionFailed", 412)
    s3.put_object(Bucket=bucket, Key="k", Body=b"third", IfMatch=first["ETag"])
    assert read(s3, bucket, "k") == b"third"
    assert refusal(s3.delete_object, **stale) == ("PreconditionFailed", 412)


def test_parts_of_an_object_are_read(s3, bucket):
    body = some_bytes(1000)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    for wanted, part, told in [
        ("bytes=0-0", body[:1], "bytes 0-0/1000"),
        ("bytes=10-19", body[10:20], "bytes 10-19/1000"),
        ("bytes=990-", body[990:], "bytes 990-999/1000"),
        ("bytes=-7", body[-7:], "bytes 993-999/1000"),
        ("bytes=500-5000", body[500:], "bytes 500-999/1000"),
    ]:
        got = s3.get_object(Bucket=bucket, Key="k", Range=wanted)
        assert got["Body"].read() == part
        assert (got["ContentRange"], got["ContentLength"]) == (told, len(part))
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    beyond = {"Bucket": bucket, "Key": "k", "Range": "bytes=1000-"}
    assert refusal(s3.get_object, **beyond) == ("InvalidRange", 416)
    same = {"Bucket": bucket, "Key": "k", "IfNoneMatch": etag_of(body)}
    assert refusal(s3.get_object, **same) == ("304", 304)


@pytest.mark.parametrize("size", [8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 27 * MIB + 3])
def test_a_file_goes_up_in_parts_and_comes_down_in_parts(s3, bucket, tmp_path, size):
    body = some_bytes(size)
    (tmp_path / "up").write_bytes(body)
    s3.upload_file(str(tmp_path / "up"), bucket, "k", ExtraArgs={"Metadata": {"by": "upload_file"}})
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    # boto3's own choice: parts of 8 MiB from 8 MiB on.
    assert head["ETag"] == etag_of(body, 8 * MIB if size >= 8 * MIB else None)
    assert head["Metadata"] == {"by": "upload_file"}
    assert "ChecksumCRC32" in head
    s3.download_file(bucket, "k", str(tmp_path / "down"))
    assert (tmp_path / "down").read_bytes() == body
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def test_a_stream_of_unknown_length_goes_up(s3, bucket):
    body = some_bytes(9 * MIB)

    class Unseekable(io.RawIOBase):
        source = io.BytesIO(body)

        def read(self, size=-1):
            return self.source.read(size)

        def readable(self):
            return True

    s3.upload_fileobj(Unseekable(), bucket, "k")
    assert read(s3, bucket, "k") == body


def test_an_upload_in_parts_is_created_once(s3, bucket):
    body = some_bytes(5 * MIB + 1)
    upload = {"Bucket": bucket, "Key": "k"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    parts = []
    for number, part in enumerate((body[: 5 * MIB], body[5 * MIB :]), start=1):
        sent = s3.upload_part(**upload, PartNumber=number, Body=part)
        parts.append({"PartNumber": number, "ETag": sent["ETag"]})
    listed = s3.list_parts(**upload)["Parts"]
    assert [part["Size"] for part in listed] == [5 * MIB, 1]
    complete = {**upload, "MultipartUpload": {"Parts": parts}, "IfNoneMatch": "*"}
    s3.put_object(Bucket=bucket, Key="k", Body=b"there")
    assert refusal(s3.complete_multipart_upload, **complete) == ("PreconditionFailed", 412)
    s3.delete_object(Bucket=bucket, Key="k")
    assert s3.complete_multipart_upload(**complete)["ETag"] == etag_of(body, 5 * MIB)
    assert read(s3, bucket, "k") == body


def test_copies_are_whole_and_conditional(s3, bucket):
    body = some_bytes(1000)
    s3.put_object(Bucket=bucket, Key="from", Body=body, Metadata={"a": "1"})
    source = {"Bucket": bucket, "Key": "from"}
    copied = s3.copy_object(
        Bucket=bucket, Key="to", CopySource=source, CopySourceIfMatch=etag_of(body)
    )
    assert copied["CopyObjectResult"]["ETag"] == etag_of(body)
    head = s3.head_object(Bucket=bucket, Key="to")
    assert (head["Metadata"], head["ETag"]) == ({"a": "1"}, etag_of(body))
    stale = {"CopySource": source, "CopySourceIfMatch": etag_of(b"other")}
    assert refusal(s3.copy_object, Bucket=bucket, Key="to", **stale) == ("PreconditionFailed", 412)
    missing = {"CopySource": {"Bucket": bucket, "Key": "nothing"}}
    assert refusal(s3.copy_object, Bucket=bucket, Key="to", **missing) == ("NoSuchKey", 404)


def test_a_large_object_is_copied_in_parts(s3, bucket):
    body = some_bytes(11 * MIB)
    s3.put_object(Bucket=bucket, Key="from", Body=body)
    in_parts = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.copy({"Bucket": bucket, "Key": "from"}, bucket, "to", Config=in_parts)
    assert s3.head_object(Bucket=bucket, Key="to")["ETag"] == etag_of(body, 5 * MIB)
    assert read(s3, bucket, "to") == body


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_pages_of_a_listing_hold_every_key_once(s3, bucket, size):
    keys = ["a", "b/1", "b/2", "b/c/3", "b!", "d/", "d/4", "e"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

    def listed(version, **arguments):
        pages = s3.get_paginator(version).paginate(
            Bucket=bucket, PaginationConfig={"PageSize": size}, **arguments
        )
        pages = list(pages)
        found = [one["Key"] for page in pages for one in page.get("Contents", [])]
        prefixes = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])]
        return found, prefixes

    for version in ("list_objects_v2", "list_objects"):
        assert listed(version) == (sorted(keys), [])
        assert listed(version, Delimiter="/") == (["a", "b!", "e"], ["b/", "d/"])
        assert listed(version, Delimiter="/", Prefix="b/") == (["b/1", "b/2"], ["b/c/"])
        assert listed(version, Prefix="none") == ([], [])
    after = s3.list_objects_v2(Bucket=bucket, StartAfter="b/2")
    assert [one["Key"] for one in after["Contents"]] == ["b/c/3", "d/", "d/4", "e"]
    assert after["Contents"][0]["ETag"] == etag_of(b"b/c/3")


def test_keys_of_any_text_name_their_objects(s3, bucket):
    for key in HOSTILE_KEYS:
        body = key.encode()
        assert s3.put_object(Bucket=bucket, Key=key, Body=body)["ETag"] == etag_of(body), key
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [one["Key"] for one in listed] == sorted(HOSTILE_KEYS, key=str.encode)
    for key in HOSTILE_KEYS:
        assert read(s3, bucket, key) == key.encode(), key
        copy = {"Bucket": bucket, "Key": "the copy"}
        s3.copy_object(**copy, CopySource={"Bucket": bucket, "Key": key})
        assert read(s3, bucket, "the copy") == key.encode(), key
        alone = s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]
        assert key in [one["Key"] for one in alone], key
    # XML holds no such characters as they are; botocore does not escape them in documents.
    sendable = [key for key in HOSTILE_KEYS if "\n" not in key]
    deleted = s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": key} for key in sendable]}
    )
    assert sorted(one["Key"] for one in deleted["Deleted"]) == sorted(sendable)
    for key in set(HOSTILE_KEYS) - set(sendable):
        s3.delete_object(Bucket=bucket, Key=key)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["the copy"]


def test_many_objects_are_deleted_at_once(s3, bucket):
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{number}", Body=b"x")
    wanted = [{"Key": f"k{number}"} for number in (1, 3, 99)]
    loud = s3.delete_objects(Bucket=bucket, Delete={"Objects": wanted})
    assert sorted(one["Key"] for one in loud["Deleted"]) == ["k1", "k3", "k99"]
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k0"}], "Quiet": True})
    assert "Deleted" not in quiet and "Errors" not in quiet
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k2", "k4"]


@pytest.mark.parametrize("signature", ["s3v4", "s3"])
@pytest.mark.parametrize("key", ["plain", "dir/a name with + & % : ümläuts?.txt"])
def test_urls_are_handed_to_others(bucket, signature, key):
    config = Config(signature_version=signature, s3={"addressing_style": "path"})
    signing = boto3.client("s3", config=config)

    def url(operation, **arguments):
        target = {"Bucket": bucket, "Key": key, **arguments}
        return signing.generate_presigned_url(operation, Params=target, ExpiresIn=60)

    put = urlopen(Request(url("put_object"), method="PUT", data=b"by a URL"))
    assert (put.status, put.headers["ETag"]) == (200, etag_of(b"by a URL"))
    assert urlopen(url("get_object")).read() == b"by a URL"
    as_csv = urlopen(url("get_object", ResponseContentType="text/csv"))
    assert as_csv.headers["Content-Type"] == "text/csv"
    ranged = urlopen(Request(url("get_object"), headers={"Range": "bytes=3-3"}))
    assert (ranged.status, ranged.read()) == (206, b"a")
    assert urlopen(Request(url("delete_object"), method="DELETE")).status == 204
    with pytest.raises(HTTPError, match="404"):
        urlopen(url("get_object"))


def test_buckets_are_made_listed_and_removed(s3, bucket):
    name = f"{bucket}-2"
    s3.create_bucket(Bucket=name)
    assert {bucket, name} <= {one["Name"] for one in s3.list_buckets()["Buckets"]}
    s3.head_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"")
    assert refusal(s3.delete_bucket, Bucket=name) == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket=name, Key="k")
    s3.get_waiter("object_not_exists").wait(Bucket=name, Key="k")
    s3.delete_bucket(Bucket=name)
    assert refusal(s3.head_bucket, Bucket=name) == ("404", 404)
    assert refusal(s3.list_objects_v2, Bucket=name) == ("NoSuchBucket", 404)
