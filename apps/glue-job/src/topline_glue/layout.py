"""Every key of the bucket that the job touches, in one place."""

DATASETS = ("songs", "users", "streams")
"""In the order in which transform commits them: the catalogue before the listens that need it."""


def run_folder(run_id: str) -> str:
    return f"runs/{run_id}/"


def plan_key(run_id: str) -> str:
    return f"{run_folder(run_id)}plan.json"


def manifest_key(run_id: str) -> str:
    return f"{run_folder(run_id)}manifest.json"


def abandonment_key(run_id: str) -> str:
    return f"{run_folder(run_id)}abandon.json"


def step_key(run_id: str, step: str) -> str:
    return f"{run_folder(run_id)}{step}.json"


def input_key(run_id: str, source_id: str, compression: str) -> str:
    return f"{run_folder(run_id)}input/{source_id}.csv{'.gz' if compression == 'gzip' else ''}"


def zone_folder(table: str) -> str:
    """The folder of a zone table, with its slash."""
    return f"processed/{table}/"


def log_folder(table: str) -> str:
    return f"{zone_folder(table)}_delta_log/"


def quarantine_folder(source_id: str) -> str:
    """The folder of a source's quarantined rows, with its slash."""
    return f"quarantine/source={source_id}/"
