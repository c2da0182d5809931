"""The script of the Glue job: `Command.ScriptLocation`. The package is in `--extra-py-files`."""

from topline_glue.main import main

main()
