"""What the notebooks need: exercises with checks, hints and solutions, and pictures that can be touched."""
