"""Beam's part: each file a PTransform that wires a rule or a store into the job."""

from pipelines.stages import block_coder as block_coder  # registers the blocks' coder wherever a stage is used
