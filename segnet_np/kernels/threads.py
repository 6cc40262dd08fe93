"""How long the kernels' threads wait busily: a setting that must be made before the first of them starts.

Between two kernels GNU's OpenMP lets its threads spin for some milliseconds, so that they start at once.
Where another program wants the processors too, the threads then wait for each other that long in every
kernel: a training step of 50 ms was seen to take 1.5 s. A shorter spin cost nothing that could be measured on
an idle machine. Whoever has set a policy keeps it.
"""

import os

SPIN = ("GOMP_SPINCOUNT", "20000")
"""The variable of the environment, and what it is set to unless somebody has set a policy."""

if not {"OMP_WAIT_POLICY", SPIN[0]} & os.environ.keys():
    os.environ.update([SPIN])
