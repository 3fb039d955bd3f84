"""Beam's part: each file a PTransform that wires a rule or a store into the job."""
