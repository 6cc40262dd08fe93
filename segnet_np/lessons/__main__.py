"""``python -m segnet_np.lessons OUT.html`` writes the stepper as a page of its own."""

import sys

from segnet_np.lessons.figures.stepper import write_page

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python -m segnet_np.lessons OUT.html")
    write_page(sys.argv[1])
