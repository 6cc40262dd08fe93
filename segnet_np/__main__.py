"""Run the commands with ``python -m segnet_np``."""

import sys

from segnet_np.cli import main

if __name__ == "__main__":
    sys.exit(main())
