"""The job's ledger, KPI store and zone, for a process of TypeScript: a call a line, in JSON.

Calls overlap. A commit asks the caller back what to commit, by a line of its own.
"""

import json
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from threading import Lock

from topline_glue.aws import KpiStore, ObjectStore, RunLedger, dynamodb_client, s3_client
from topline_glue.aws.attributes import double_text
from topline_glue.clock import SYSTEM_CLOCK, from_millis, to_millis
from topline_glue.delta import DeltaZone
from topline_glue.delta.paths import from_log_path, to_log_path
from topline_glue.errors import ToplineError, to_fault
from topline_glue.model import CommitInfo, Cursor, DataFile, Lease, ZoneActions
from topline_glue.plan import Column, Index, TableSpec


class ToldClock:
    """Stands still at the caller's time; what waits for another transaction waits really."""

    def __init__(self, millis):
        self._now = from_millis(millis)
        self.sleep = SYSTEM_CLOCK.sleep

    def now(self):
        return self._now


class Serving:
    def __init__(self):
        self._s3 = s3_client()
        self._dynamodb = dynamodb_client()
        self._zones = {}
        self._asked = {}
        self._lock = Lock()

    def run(self):
        with ThreadPoolExecutor(32) as pool:
            for line in sys.stdin:
                message = json.loads(line)
                if "answer" in message:
                    self._asked.pop(message["answer"]).set_result(message)
                else:
                    pool.submit(self._serve, message)

    def _serve(self, message):
        try:
            found = getattr(self, message["call"])(message["id"], **message["arguments"])
            self._say({"id": message["id"], "found": found})
        except Exception as error:  # all of them are the caller's
            self._say({"id": message["id"], "fault": to_fault(error)})

    def _say(self, message):
        with self._lock:
            print(json.dumps(message), flush=True)

    # The ledger

    def _ledger(self, prefix, now):
        return RunLedger(self._dynamodb, prefix, clock=ToldClock(now))

    def acquire(self, _, prefix, now, holder, seconds):
        return _told(self._ledger(prefix, now).acquire(holder, seconds))

    def renew(self, _, prefix, now, lease, seconds):
        return _told(self._ledger(prefix, now).renew(_lease(lease), seconds))

    def release(self, _, prefix, now, lease):
        self._ledger(prefix, now).release(_lease(lease))

    def verify(self, _, prefix, now, lease):
        self._ledger(prefix, now).verify(_lease(lease))

    def open_run(self, _, prefix, now):
        return self._ledger(prefix, now).open_run()

    def move_cursor(self, _, prefix, now, lease, zone, plan_hash):
        self._ledger(prefix, now).move_cursor(Cursor(zone, plan_hash), _lease(lease))

    def record(self, _, prefix, now, lease, summary):
        self._ledger(prefix, now).record(_row(summary), _lease(lease))

    # The KPI store

    def dates(self, _, prefix, table):
        return list(KpiStore(self._dynamodb, prefix).dates(_table(table)))

    def publish(self, _, prefix, table, date, rows, lease):
        store = KpiStore(self._dynamodb, prefix)
        return asdict(store.publish(_table(table), date, map(_row, rows), _lease(lease)))

    def items(self, _, prefix, table):
        """As DynamoDB has them, digit by digit."""
        scan = self._dynamodb.scan(TableName=prefix + table, ConsistentRead=True)
        return scan["Items"]

    # The zone

    def _zone(self, bucket, view):
        return self._zones.setdefault((bucket, view), DeltaZone(ObjectStore(self._s3, bucket)))

    def snapshot(self, _, bucket, view, table, version):
        return asdict(self._zone(bucket, view).snapshot(table, version))

    def commits(self, _, bucket, view, table, begin, end):
        commits = self._zone(bucket, view).commits(table, begin, end)
        return [asdict(commit) for commit in commits]

    def commit(self, call, *, bucket, view, table, info, fence, since):
        def decide(latest, commits):
            asked = self._asked[call] = Future()
            told = {"latest": asdict(latest), "commits": [asdict(one) for one in commits]}
            self._say({"id": call, "decide": told})
            answer = asked.result()
            if "failed" in answer:
                raise ToplineError("INTERNAL", answer["failed"])
            return _actions(answer["actions"])

        zone = self._zone(bucket, view)
        return zone.commit(table, CommitInfo(**info), int(fence), since, decide)

    # Texts that both must spell alike

    def doubles(self, _, values):
        return [double_text(float(value)) for value in values]

    def log_paths(self, _, paths):
        return [to_log_path(path) for path in paths]

    def paths(self, _, log_paths):
        return [from_log_path(log_path) for log_path in log_paths]


def _told(lease):
    return {
        "token": str(lease.token),
        "holder": lease.holder,
        "expires_at": to_millis(lease.expires_at),
    }


def _lease(told):
    return Lease(int(told["token"]), told["holder"], from_millis(told["expires_at"]))


def _row(told):
    """Numbers come as `{"integer": "5"}` and `{"double": "0.5"}`."""
    return {name: _value(value) for name, value in told.items()}


def _value(told):
    if not isinstance(told, dict):
        return told
    if "integer" in told:
        return int(told["integer"])
    return float(told["double"])


def _table(told):
    return TableSpec(
        name=told["name"],
        relation=told["relation"],
        columns=[Column(column["name"], column["type"]) for column in told["columns"]],
        sort_key=told["sortKey"],
        list=told["list"],
        order_by=told["orderBy"],
        indexes=[
            Index(index["name"], index["kind"], index["partitionKey"], index["sortKey"])
            for index in told["indexes"]
        ],
    )


def _actions(told):
    if told is None:
        return None
    return ZoneActions(
        add=[DataFile(**file) for file in told["add"]],
        remove=[DataFile(**file) for file in told["remove"]],
        data_change=told["data_change"],
    )


Serving().run()
