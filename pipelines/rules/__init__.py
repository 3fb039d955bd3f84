"""The decisions: plain functions of their arguments, without I/O, clock, randomness or environment.

An instant in here is an `int`: microseconds since 1970-01-01T00:00Z. It compares exactly, to the
microsecond, and costs nothing in the inner loop.
"""
