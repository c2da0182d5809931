"""The job's arguments, in the syntax of `getResolvedOptions`."""

import pytest

from topline_glue.arguments import parse_arguments
from topline_glue.errors import ToplineError


def test_what_is_not_given_has_its_default() -> None:
    found = parse_arguments(["job.py", "--bucket", "b", "--run_id", "r"])
    assert (found.bucket, found.run_id) == ("b", "r")
    assert (found.table_prefix, found.lease_seconds, found.waits_for_lease) == ("", 30, False)
    assert found.job_run_id == ""


def test_both_spellings_and_glue_s_own_arguments_beside_ours() -> None:
    argv = ["job.py", "--JOB_NAME", "j", "--JOB_RUN_ID=jr_1", "--enable-metrics", "true"]
    argv += ["--bucket=b", "--run_id", "r", "--table_prefix", "dev-", "--lease_seconds", "10"]
    found = parse_arguments([*argv, "--holder", "topline run (process 1)", "--wait_for_lease=true"])
    assert found.holder == "topline run (process 1)"
    assert (found.table_prefix, found.lease_seconds) == ("dev-", 10)
    assert found.waits_for_lease
    assert found.job_run_id == "jr_1"


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["--bucket", "b"],
        ["--bucket", "b", "--run_id"],
        ["--bucket", "b", "--run_id", "r", "--lease_seconds", "x"],
        ["--bucket", "b", "--run_id", "r", "--lease_seconds", "1"],
        ["--bucket", "b", "--run_id", "r", "--wait_for_lease", "yes"],
    ],
)
def test_arguments_that_are_missing_or_wrong_are_named(argv: list[str]) -> None:
    with pytest.raises(ToplineError) as failed:
        parse_arguments(["job.py", *argv])
    assert failed.value.code == "CONFIG_INVALID"
    assert "--" in failed.value.message
