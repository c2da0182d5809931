"""What an operator is given when it is run, as far as Topline's look at it."""

from types import SimpleNamespace


class AssetState:
    def __init__(self, kept):
        self.set = kept.__setitem__


def context(run_type="manual", xcoms=None, events=None, state=None):
    pulled = xcoms or {}
    ti = SimpleNamespace(
        dag_id="topline",
        task_id="task",
        try_number=2,
        xcom_pull=lambda task_ids: pulled[task_ids],
    )
    return {
        "ti": ti,
        "dag_run": SimpleNamespace(run_type=run_type, run_id="run"),
        "outlet_events": events or {},
        "asset_state_store": AssetState({} if state is None else state),
    }
