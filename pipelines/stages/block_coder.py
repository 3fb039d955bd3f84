"""How blocks cross a worker's border, and how large Beam takes them to be."""

import pickle

from apache_beam.coders import Coder, registry

from pipelines.records import Attributed, Block, Decoded, Messages, OrderSets, Passed, Piece, Rows


class BlockCoder(Coder):
    """Pickles a block where it crosses a worker's border, and says its size without pickling it.

    Beam samples the sizes of elements; its fallback coder would serialise whole blocks to learn them.
    """

    def encode(self, value: Block) -> bytes:
        return pickle.dumps(value, protocol=5)

    def decode(self, encoded: bytes) -> Block:
        block: Block = pickle.loads(encoded)  # noqa: S301 (written by a worker of the same run)
        return block

    def estimate_size(self, value: Block) -> int:
        return value.nbytes

    def is_deterministic(self) -> bool:
        return False


for _block in (Block, Piece, Messages, Decoded, Rows, OrderSets, Passed, Attributed):
    registry.register_coder(_block, BlockCoder)
