"""What produced docs/performance.md; see README.md in this folder."""
