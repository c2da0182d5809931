"""Committing among others, and over a line that loses answers."""

import pytest

from topline_glue.delta import DeltaZone
from topline_glue.errors import ToplineError
from topline_glue.model import ZoneActions

from .conftest import commit, file_of, info_of, log_key, paths_of
from .memory_store import MemoryStore


@pytest.mark.parametrize("fault", ["answer lost", "own found"])
def test_a_put_without_a_clear_answer_has_committed_when_the_entry_is_there(store, zone, fault):
    store.faults = [fault]
    assert commit(zone, add=[file_of("a")]) == 0
    assert zone.snapshot("streams").version == 0


def test_a_put_without_an_answer_has_not_when_it_is_not(store, zone):
    store.faults = ["not put"]
    with pytest.raises(ToplineError) as raised:
        commit(zone, add=[file_of("a")])
    assert (raised.value.code, raised.value.is_retryable) == ("STORE_UNAVAILABLE", True)
    assert zone.snapshot("streams").version == -1
    assert commit(zone, add=[file_of("a")]) == 0


@pytest.mark.parametrize("faults", [[], ["not put"]])
def test_a_lost_race_is_decided_again_on_what_the_winner_left(store, zone, faults):
    rival = DeltaZone(MemoryStore(store.bodies))
    store.faults = faults
    seen = []

    def decide(latest, commits):
        seen.append([each.info.run_id for each in commits])
        if len(seen) == 1:
            commit(rival, add=[file_of("rival")], run_id="winner")
        return ZoneActions([file_of(f"mine-{latest.version + 1}")], [])

    assert zone.commit("streams", info_of("loser"), 1, -1, decide) == 1
    assert seen == [[], ["winner"]]
    assert paths_of(rival) == [file_of("mine-1").path, file_of("rival").path]


def test_a_lost_race_to_a_greater_token_is_the_end(store, zone):
    rival = DeltaZone(MemoryStore(store.bodies))
    decisions = []

    def decide(*_):
        decisions.append("mine")
        commit(rival, add=[file_of("rival")], fence=4)
        return ZoneActions([file_of("mine")], [])

    with pytest.raises(ToplineError, match="token 4, newer than this one's 3") as raised:
        zone.commit("streams", info_of(), 3, -1, decide)
    assert raised.value.code == "LEASE_LOST"
    assert decisions == ["mine"]
    assert paths_of(rival) == [file_of("rival").path]


def test_rivals_who_differ_by_their_token_alone_do_not_take_each_others_entry_for_theirs(store):
    one, two = DeltaZone(store), DeltaZone(MemoryStore(store.bodies))

    def decide(latest, _):
        if latest.version < 0:
            commit(two, fence=2)
        return ZoneActions([], [])

    with pytest.raises(ToplineError) as raised:
        one.commit("streams", info_of(), 1, -1, decide)
    assert raised.value.code == "LEASE_LOST"
    assert one.snapshot("streams").version == 0


def test_a_store_that_only_ever_says_that_the_entry_exists_ends_in_a_fault(zone, store):
    def put(*_, **__):
        raise ToplineError("OBJECT_EXISTS", "There is such an object already.")

    store.put = put
    with pytest.raises(ToplineError, match="100 attempts") as raised:
        commit(zone)
    assert raised.value.code == "STORE_UNAVAILABLE"


def test_what_was_read_once_is_not_read_again(store):
    writer, reader = DeltaZone(MemoryStore(store.bodies)), DeltaZone(store)
    for stem in "abc":
        commit(writer, add=[file_of(stem)])
    reader.snapshot("streams")
    commit(writer, add=[file_of("d")])
    store.calls.clear()
    assert len(paths_of(reader)) == 4
    assert len(reader.commits("streams", 0, 3)) == 3
    assert [call for call in store.calls if call.startswith("get")] == [f"get {log_key(3)}"]


def test_what_was_read_once_is_read_again_when_the_table_was_made_anew(store, zone):
    commit(zone, add=[file_of("a")])
    assert paths_of(zone) == [file_of("a").path]
    del store.bodies[log_key(0)]
    commit(DeltaZone(MemoryStore(store.bodies)), add=[file_of("b")])
    assert paths_of(zone) == [file_of("b").path]


def test_many_entries_are_read_in_their_order(store, zone):
    for at in range(40):
        commit(zone, add=[file_of(f"{at:02}")], run_id=f"r{at}")
    commits = DeltaZone(store).commits("streams", 4, 39)
    assert [each.info.run_id for each in commits] == [f"r{at}" for at in range(5, 40)]
    assert [each.version for each in commits] == list(range(5, 40))


@pytest.mark.parametrize("version", [2, -2])
def test_a_version_that_was_never_committed_is_unreadable(zone, version):
    commit(zone)
    for ask in [
        lambda: zone.snapshot("streams", version),
        lambda: zone.commits("streams", version, 0),
        lambda: zone.commits("streams", 0, version),
        lambda: commit(zone, since=version),
    ]:
        with pytest.raises(ToplineError, match="the newest version is 0") as raised:
            ask()
        assert raised.value.code == "VERSION_UNREADABLE"
