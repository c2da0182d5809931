"""When the watcher fires, and when it does not."""

import asyncio

import pytest

from topline_airflow import inbox_triggers
from topline_airflow.inbox import LOOKED_AT, Arrival, fingerprint
from topline_airflow.inbox_triggers import PATIENCE, FilesTrigger, InboxTrigger

SONGS = Arrival("raw-data/songs.csv", '"1"', "t1")
STREAMS = Arrival("raw-data/streams/a.csv", '"2"', "t1")


class Stop(BaseException):
    """Ends a watcher, which has no end of its own."""


class State:
    """The state of the asset, as the triggerer lets a trigger at it: what a run has looked at."""

    def __init__(self, *looked_at, broken=False):
        self.looked_at = fingerprint(looked_at) if looked_at else None
        self.broken = broken

    def get(self, key):
        assert key == LOOKED_AT
        if self.broken:
            raise RuntimeError("no state")
        return self.looked_at


class Client:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return False


def play(monkeypatch, trigger, looks, pauses=None):
    """The payloads that a trigger fires over what it sees, look after look; an error is raised."""
    remaining = list(looks)

    async def client(_):
        return Client()

    async def listing(_client, _bucket):
        if not remaining:
            raise Stop
        seen = remaining.pop(0)
        if isinstance(seen, Exception):
            raise seen
        return frozenset(seen)

    async def sleep(seconds):
        if pauses is not None:
            pauses.append(seconds)

    monkeypatch.setattr(inbox_triggers, "listing_client", client)
    monkeypatch.setattr(inbox_triggers, "list_inbox_async", listing)
    monkeypatch.setattr(inbox_triggers.asyncio, "sleep", sleep)
    fired = []

    async def watch():
        try:
            async for event in trigger.run():
                fired.append(event.payload["files"])
        except Stop:
            pass

    asyncio.run(watch())
    return fired


def watcher(state=None):
    trigger = InboxTrigger("bucket", 20, "aws_default")
    trigger.asset_state_store = state
    return trigger


def test_it_fires_for_an_arrival_and_not_again_over_what_stays(monkeypatch):
    looks = [[], [SONGS], [SONGS], [SONGS], [SONGS, STREAMS], [SONGS, STREAMS]]
    assert play(monkeypatch, watcher(), looks) == [1, 2]


def test_what_leaves_is_no_arrival(monkeypatch):
    looks = [[SONGS, STREAMS], [STREAMS], [], []]
    assert play(monkeypatch, watcher(), looks) == [2]


def test_what_comes_back_is_one(monkeypatch):
    assert play(monkeypatch, watcher(), [[SONGS], [], [SONGS]]) == [1, 1]


def test_what_is_uploaded_once_more_is_one(monkeypatch):
    again = Arrival(SONGS.key, SONGS.etag, "t2")
    assert play(monkeypatch, watcher(), [[SONGS], [again], [again]]) == [1, 1]


def test_another_triggerer_goes_on_from_what_a_run_has_looked_at(monkeypatch):
    state = State(SONGS)
    assert play(monkeypatch, watcher(state), [[SONGS], [SONGS]]) == []
    assert play(monkeypatch, watcher(state), [[SONGS, STREAMS], [SONGS, STREAMS]]) == [2]
    assert play(monkeypatch, watcher(state), [[], [SONGS]]) == [1]


def test_an_event_that_was_lost_is_made_up_for_after_a_while(monkeypatch):
    state = State(SONGS)
    looks = [[SONGS], *[[SONGS, STREAMS]] * (2 * PATIENCE)]
    assert play(monkeypatch, watcher(state), looks) == [2, 2]


def test_what_a_run_has_looked_at_is_not_told_of_again(monkeypatch):
    state = State(SONGS, STREAMS)
    assert play(monkeypatch, watcher(state), [[SONGS, STREAMS]] * (3 * PATIENCE)) == []


@pytest.mark.parametrize("state", [None, State(), State(broken=True)])
def test_where_nothing_is_known_of_runs_the_listing_counts(monkeypatch, state):
    looks = [[SONGS]] * (2 * PATIENCE)
    assert play(monkeypatch, watcher(state), [*looks, [SONGS, STREAMS]]) == [1, 2]


def test_a_listing_that_fails_is_tried_later_and_later_and_never_ends_it(monkeypatch):
    broken = RuntimeError("no network")
    pauses = []
    looks = [[SONGS], *[broken] * 6, [SONGS], broken, [SONGS, STREAMS]]
    assert play(monkeypatch, watcher(), looks, pauses) == [1, 2]
    assert pauses == [20, 40, 80, 160, 300, 300, 300, 20, 40, 20]


def test_the_sensor_s_fires_once_and_ends(monkeypatch):
    trigger = FilesTrigger("bucket", 1, "aws_default")
    assert play(monkeypatch, trigger, [[], [], [SONGS, STREAMS], [SONGS]]) == [2]


def test_each_is_made_again_from_what_it_says_of_itself():
    for trigger in (watcher(), FilesTrigger("b", 1.5, "conn")):
        path, given = trigger.serialize()
        assert path == f"topline_airflow.inbox_triggers.{type(trigger).__name__}"
        assert type(trigger)(**given).serialize() == (path, given)


def test_it_lists_by_airflow_s_connection(s3, bucket):
    s3.put_object(Bucket=bucket, Key="raw-data/users.csv", Body=b"")
    s3.put_object(Bucket=bucket, Key="raw-data/notes.txt", Body=b"")

    async def first():
        async for event in FilesTrigger(bucket, 1, "aws_default").run():
            return event.payload
        return None

    assert asyncio.run(first())["files"] == 1
