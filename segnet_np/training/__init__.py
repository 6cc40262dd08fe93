"""Training: optimizers and metrics, the loop and its checkpoints, and what the commands do with nets."""
