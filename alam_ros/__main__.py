"""`python -m alam_ros`: the command line where `alam` is not on the path, as in a colcon workspace."""

import sys

from alam_ros.cli.main import main

if __name__ == "__main__":  # processes of simulators import this module again
    sys.exit(main())
