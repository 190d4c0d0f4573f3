"""Refresh the user-facing dataset: the same run as `datalake run --providers all`.

Keys and the bucket come from `.env`; further arguments are those of `datalake run`.
"""

import sys

from datalake.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["run", "--providers", "all"]
    main()
