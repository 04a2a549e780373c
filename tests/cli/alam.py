"""The `alam` command, also where the package is not installed: `python -m tests.cli.alam`."""

import sys

from alam_ros.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
