"""Tells what delta-rs knows of a table beyond its rows.

Argument: JSON with `storage`, `address` and `applications`.
Prints JSON with `version`, `transactions` ({application: version}), and how many files are `live`, and how many that
are not could be removed (`superfluous`).
"""

import json
import sys

from deltalake import DeltaTable


def main() -> None:
    asked = json.loads(sys.argv[1])
    table = DeltaTable(asked["address"], storage_options=asked["storage"])
    told = {
        "version": table.version(),
        "transactions": {name: table.transaction_version(name) for name in asked["applications"]},
        "live": len(table.file_uris()),
        "superfluous": len(table.vacuum(0, dry_run=True, enforce_retention_duration=False)),
    }
    json.dump(told, sys.stdout)


main()
