"""Trees as RFC 9162 has them: the published vectors of Certificate Transparency, and what must hold for any tree."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.merkle import inclusion_proof, is_included, leaf_hash, root

# The entries and roots of certificate-transparency's own tests (merkle_tree_test.cc), which hold for RFC 9162 too.
ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PROOFS = {  # (position, size): path
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_the_published_ones(size: int) -> None:
    assert root(map(leaf_hash, ENTRIES[:size])).hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root([]) == hashlib.sha256(b"").digest()


@pytest.mark.parametrize(("place", "path"), PROOFS.items())
def test_the_proofs_are_the_published_ones(place: tuple[int, int], path: list[str]) -> None:
    position, size = place
    leaves = [leaf_hash(entry) for entry in ENTRIES[:size]]
    assert [step.hex() for step in inclusion_proof(position, leaves)] == path


def recursive(leaves: list[bytes]) -> bytes:
    """The definition of section 2.1.1, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + recursive(leaves[:split]) + recursive(leaves[split:])).digest()


LEAVES = st.lists(st.binary(max_size=4).map(leaf_hash), max_size=70)


@given(LEAVES)
def test_counting_up_gives_the_root_of_the_definition(leaves: list[bytes]) -> None:
    assert root(iter(leaves)) == recursive(leaves)


@given(LEAVES.filter(bool), st.data())
def test_every_leaf_is_proved_and_nothing_else(leaves: list[bytes], data: st.DataObject) -> None:
    size = len(leaves)
    position = data.draw(st.integers(0, size - 1))
    proof, whole = inclusion_proof(position, leaves), root(leaves)
    assert is_included(leaves[position], position, size, proof, whole)
    assert not is_included(leaf_hash(b"another"), position, size, proof, whole)
    assert not is_included(leaves[position], position, size, [*proof, whole], whole)
    assert not is_included(leaves[position], position, size, proof, leaf_hash(b"another"))
    assert not is_included(leaves[position], size, size, proof, whole)
    assert not is_included(leaves[position], -1, size, proof, whole)
    for place in range(len(proof)):
        assert not is_included(leaves[position], position, size, proof[:place] + proof[place + 1 :], whole)
        changed = [*proof[:place], leaf_hash(proof[place]), *proof[place + 1 :]]
        assert not is_included(leaves[position], position, size, changed, whole)


def test_a_node_is_no_leaf() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != root([left, right])
