"""Digests: equal values, equal keys; nothing that has no one form gets one."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from anchor.core.artifact import canonical, digest_of, file_digest
from anchor.core.plan import Grade, Placement
from anchor.core.time import VIDEO


def test_equal_values_have_equal_digests_whatever_the_key_order() -> None:
    assert digest_of({"a": 1, "b": (1, 2)}) == digest_of({"b": [1, 2], "a": 1})
    assert digest_of(Placement(1, 2, 3)) != digest_of(Placement(1, 2, 3, Grade(gain=0.99)))


def test_values_do_not_run_into_each_other() -> None:
    assert digest_of("ab", "c") != digest_of("a", "bc")
    assert digest_of(1) != digest_of("1")


def test_canonical_forms() -> None:
    assert canonical(VIDEO) == {"rate": "30000/1001"}
    assert canonical((Fraction(1, 2), Path("a/b"), None, True)) == ["1/2", "a/b", None, True]
    with pytest.raises(TypeError, match="no canonical form for set"):
        canonical({1, 2})


def test_file_digest(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
