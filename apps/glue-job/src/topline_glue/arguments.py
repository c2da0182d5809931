"""The job's arguments: `getResolvedOptions` where Glue's library is there, else the same syntax."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from topline_glue.errors import ToplineError

_REQUIRED = ("bucket", "run_id")
_DEFAULTS = {
    "table_prefix": "",
    "lease_seconds": "30",
    "holder": "Glue job",
    "wait_for_lease": "false",
    "JOB_NAME": "",
    "JOB_RUN_ID": "",
}


@dataclass(frozen=True)
class Arguments:
    bucket: str
    run_id: str
    """That `validate` has returned."""
    table_prefix: str
    """Before every table name."""
    lease_seconds: int
    """How long the step's lease lasts unless it is renewed."""
    holder: str
    """Says to others who works."""
    waits_for_lease: bool
    """Wait for a lease that another holds; otherwise fail with `LEASE_HELD`."""
    job_run_id: str
    """Glue's id of this job run; empty outside Glue."""


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Reads `--name value` pairs; `argv[0]` is the script. Raises `CONFIG_INVALID`."""
    given = [name for name in _DEFAULTS if any(_names(one, name) for one in argv[1:])]
    found = {**_DEFAULTS, **_resolve(list(argv), [*_REQUIRED, *given])}
    if found["wait_for_lease"] not in ("true", "false"):
        raise _invalid("wait_for_lease", found["wait_for_lease"], "true or false")
    seconds = found["lease_seconds"]
    if not (seconds.isascii() and seconds.isdigit() and 3 <= int(seconds) <= 900):
        raise _invalid("lease_seconds", seconds, "a number from 3 to 900")
    return Arguments(
        bucket=found["bucket"],
        run_id=found["run_id"],
        table_prefix=found["table_prefix"],
        lease_seconds=int(seconds),
        holder=found["holder"],
        waits_for_lease=found["wait_for_lease"] == "true",
        job_run_id=found["JOB_RUN_ID"],
    )


def _names(argument: str, name: str) -> bool:
    return argument == f"--{name}" or argument.startswith(f"--{name}=")


def _resolve(argv: list[str], names: list[str]) -> dict[str, str]:
    if find_spec("awsglue") is not None:
        # Glue adds its own, such as JOB_RUN_ID, to what it is asked for.
        resolve = import_module("awsglue.utils").getResolvedOptions
        own = ("JOB_RUN_ID",)
        found = resolve(argv, [name for name in names if name not in own])
        return {name: value for name, value in found.items() if isinstance(value, str)}
    # As Glue reads them: long names, `--name value` or `--name=value`; others are ignored.
    parser = argparse.ArgumentParser(prog=argv[0], allow_abbrev=False, exit_on_error=False)
    for name in names:
        parser.add_argument(f"--{name}", required=True)
    try:
        found, _ = parser.parse_known_args(argv[1:])
    except (argparse.ArgumentError, SystemExit) as error:
        raise ToplineError(
            "CONFIG_INVALID",
            f"The job takes --bucket and --run_id, each with a value; found {argv[1:]}.",
        ) from error
    return vars(found)


def _invalid(name: str, found: str, expected: str) -> ToplineError:
    return ToplineError("CONFIG_INVALID", f"The argument --{name} is {found!r}, not {expected}.")
