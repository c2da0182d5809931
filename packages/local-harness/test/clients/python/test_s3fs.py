"""s3fs: a file system over aiobotocore, which caches, walks and guesses."""

import pytest
import s3fs
from conftest import MIB, etag_of, some_bytes


@pytest.fixture
def fs():
    # An instance is kept between tests otherwise, and its listings with it.
    return s3fs.S3FileSystem(skip_instance_cache=True)


def names(found, bucket):
    return sorted(path.removeprefix(f"{bucket}/") for path in found)


@pytest.fixture
def tree(fs, bucket):
    """A few files, each with its path as its text."""
    paths = ["top.csv", "in/a.csv", "in/b.txt", "in/deep/c.csv", "in/deep/d e.csv", "ümläut/f+g.csv"]
    for path in paths:
        fs.pipe_file(f"{bucket}/{path}", path.encode())
    return paths


@pytest.mark.parametrize("size", [0, 5, 5 * MIB, 17 * MIB + 11])
def test_a_file_is_written_in_pieces_and_read_in_pieces(fs, bucket, size):
    body = some_bytes(size)
    with fs.open(f"{bucket}/k", "wb", block_size=5 * MIB) as file:
        for at in range(0, size, 700_001):
            file.write(body[at : at + 700_001])
    assert fs.cat_file(f"{bucket}/k") == body
    with fs.open(f"{bucket}/k", "rb", block_size=MIB) as file:
        file.seek(size // 2)
        assert file.read() == body[size // 2 :]
    if size > 100:
        assert fs.cat_file(f"{bucket}/k", start=10, end=99) == body[10:99]
        assert fs.cat_file(f"{bucket}/k", start=-9) == body[-9:]


@pytest.mark.parametrize("size", [3, 6 * MIB])
def test_a_file_is_appended_to(fs, bucket, size):
    first, more = some_bytes(size), some_bytes(1000, seed=1)
    fs.pipe_file(f"{bucket}/k", first)
    with fs.open(f"{bucket}/k", "ab") as file:
        file.write(more)
    assert fs.cat_file(f"{bucket}/k") == first + more


def test_a_file_is_created_once(fs, bucket):
    with fs.open(f"{bucket}/k", "xb") as file:
        file.write(b"first")
    with pytest.raises(FileExistsError):
        with fs.open(f"{bucket}/k", "xb") as file:
            file.write(b"second")
    with pytest.raises(FileExistsError):
        fs.pipe_file(f"{bucket}/k", b"third", mode="create")
    assert fs.cat_file(f"{bucket}/k") == b"first"


def test_what_is_there_is_listed_found_and_described(fs, bucket, tree):
    assert names(fs.ls(bucket), bucket) == ["in", "top.csv", "ümläut"]
    assert names(fs.ls(f"{bucket}/in"), bucket) == ["in/a.csv", "in/b.txt", "in/deep"]
    assert names(fs.find(bucket), bucket) == sorted(tree)
    assert names(fs.find(f"{bucket}/in/de", prefix=""), bucket) == []
    assert names(fs.glob(f"{bucket}/**/*.csv"), bucket) == sorted(
        path for path in tree if path.endswith(".csv")
    )
    assert names(fs.glob(f"{bucket}/in/*.csv"), bucket) == ["in/a.csv"]
    assert names(fs.glob(f"{bucket}/in/deep/? e.*"), bucket) == ["in/deep/d e.csv"]
    assert [fs.exists(f"{bucket}/{path}") for path in ("in", "in/a.csv", "in/a", "no")] == [
        True,
        True,
        False,
        False,
    ]
    assert fs.isdir(f"{bucket}/in") and fs.isfile(f"{bucket}/top.csv")
    info = fs.info(f"{bucket}/in/a.csv")
    assert (info["type"], info["size"], info["ETag"]) == ("file", 8, etag_of(b"in/a.csv"))
    assert fs.info(f"{bucket}/in")["type"] == "directory"
    assert fs.du(bucket) == sum(len(path.encode()) for path in tree)
    walked = {path.removeprefix(bucket): sorted(files) for path, _, files in fs.walk(bucket)}
    assert walked["/in/deep"] == ["c.csv", "d e.csv"]
    with pytest.raises(FileNotFoundError):
        fs.info(f"{bucket}/in/nothing")


def test_files_are_moved_and_copied(fs, bucket, tree):
    fs.mv(f"{bucket}/top.csv", f"{bucket}/moved to/+ & %.csv")
    assert fs.cat_file(f"{bucket}/moved to/+ & %.csv") == b"top.csv"
    assert not fs.exists(f"{bucket}/top.csv")
    fs.copy(f"{bucket}/in/", f"{bucket}/again/", recursive=True)
    assert names(fs.find(f"{bucket}/again"), bucket) == [
        path.replace("in/", "again/", 1) for path in sorted(tree) if path.startswith("in/")
    ]
    assert fs.cat_file(f"{bucket}/again/deep/d e.csv") == b"in/deep/d e.csv"


def test_trees_are_removed_and_others_stay(fs, bucket, tree):
    fs.rm(f"{bucket}/in", recursive=True)
    assert names(fs.find(bucket), bucket) == ["top.csv", "ümläut/f+g.csv"]
    assert not fs.exists(f"{bucket}/in")
    fs.rm([f"{bucket}/top.csv", f"{bucket}/ümläut/f+g.csv"])
    assert fs.find(bucket) == []
    with pytest.raises(FileNotFoundError):
        fs.rm(f"{bucket}/in", recursive=True)


def test_directories_go_up_and_come_down(fs, bucket, tmp_path):
    (tmp_path / "up" / "sub").mkdir(parents=True)
    bodies = {"one": some_bytes(100), "sub/two": some_bytes(6 * MIB), "sub/ü": b""}
    for name, body in bodies.items():
        (tmp_path / "up" / name).write_bytes(body)
    fs.put(str(tmp_path / "up"), f"{bucket}/there", recursive=True)
    fs.get(f"{bucket}/there", str(tmp_path / "down"), recursive=True)
    for name, body in bodies.items():
        assert (tmp_path / "down" / name).read_bytes() == body


def test_more_than_a_page_is_listed_and_removed(fs, bucket):
    fs.pipe({f"{bucket}/many/{number:04}": b"x" for number in range(1001)})
    assert len(fs.ls(f"{bucket}/many")) == 1001
    fs.rm(f"{bucket}/many", recursive=True)
    assert fs.find(bucket) == []


def test_buckets_are_made_and_removed(fs, bucket):
    name = f"{bucket}-2"
    fs.mkdir(name)
    assert name in fs.ls("")
    fs.touch(f"{name}/k")
    fs.rm(name, recursive=True)
    assert not fs.exists(name)
