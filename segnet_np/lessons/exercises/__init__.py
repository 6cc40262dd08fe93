"""The exercises of the course, one a file: each file holds one `EXERCISE`, named as the file is."""
