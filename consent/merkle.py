"""Merkle trees of RFC 9162 (Certificate Transparency 2.0), section 2.1, with SHA-256. Pure functions over hashes."""

import hashlib
from collections.abc import Iterable, Sequence

LEAF, NODE = b"\x00", b"\x01"  # a leaf can never be taken for a node (section 2.1.1)


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry of the log (section 2.1.1)."""
    return hashlib.sha256(LEAF + entry).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The Merkle Tree Hash of leaf hashes in their order (section 2.1.1); that of none is the hash of nothing.

    Takes them one by one and keeps a hash per level, as section 2.1.2 describes.
    """
    stack: list[bytes] = []
    for size, leaf in enumerate(leaves):
        stack.append(leaf)
        merges = (size ^ (size + 1)).bit_length() - 1  # the ones at the end of the size before this leaf
        for _merge in range(merges):
            right = stack.pop()
            stack.append(_node(stack.pop(), right))
    if not stack:
        return hashlib.sha256().digest()
    result = stack.pop()
    while stack:
        result = _node(stack.pop(), result)
    return result


def inclusion_proof(position: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The shortest list of hashes that leads from the leaf at ``position`` to the root (PATH of section 2.1.3.1)."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1  # the largest power of two below the number of leaves
    if position < split:
        return [*inclusion_proof(position, leaves[:split]), root(leaves[split:])]
    return [*inclusion_proof(position - split, leaves[split:]), root(leaves[:split])]


def is_included(leaf: bytes, position: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether ``proof`` leads from ``leaf`` at ``position`` of ``size`` leaves to the root (section 2.1.3.2)."""
    if not 0 <= position < size:
        return False
    first, second = position, size - 1
    result = leaf
    for sibling in proof:
        if second == 0:
            return False
        if first & 1 or first == second:
            result = _node(sibling, result)
            while first and not first & 1:
                first, second = first >> 1, second >> 1
        else:
            result = _node(result, sibling)
        first, second = first >> 1, second >> 1
    return second == 0 and result == expected


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()
