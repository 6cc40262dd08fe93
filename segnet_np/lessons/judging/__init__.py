"""Behind `check`: run an answer, compare it, recognise its mistake, and say kindly what is wrong."""
