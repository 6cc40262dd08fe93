"""How fast this is beside PyTorch: what ``segnet-np bench`` runs.

Each side works in a process of its own (``worker``) on the same ``cases``, in turn, so that whatever disturbs
the machine disturbs both. What is timed was verified before (``verified``).
"""
