"""An answer leaves as a whole: whoever is killed has sent all of it or nothing."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ossnet_site.one_send import OneSend


@pytest.fixture
def ends() -> Iterator[tuple[OneSend, socket.socket]]:
    """Both ends of a connection that keeps apart what was sent apart."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        theirs.setblocking(False)
        yield OneSend(ours), theirs


def received(theirs: socket.socket) -> list[bytes]:
    found = []
    while True:
        try:
            found.append(theirs.recv(65536))
        except BlockingIOError:
            return found


def test_the_head_waits_for_the_body(ends: tuple[OneSend, socket.socket]) -> None:
    ours, theirs = ends
    ours.sendall(b"head ")
    assert received(theirs) == []
    ours.sendall(b"body")
    assert received(theirs) == [b"head body"]
    ours.sendall(b" and more")
    ours.flush()
    assert received(theirs) == [b" and more"]


def test_a_head_without_a_body_goes_at_the_end(ends: tuple[OneSend, socket.socket]) -> None:
    ours, theirs = ends
    ours.sendall(b"head")
    ours.flush()
    ours.flush()
    assert received(theirs) == [b"head"]


def test_a_file_follows_its_head(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_bytes(b"body")
    connection, theirs = socket.socketpair()
    with connection, theirs, (tmp_path / "style.css").open("rb") as file:
        ours = OneSend(connection)
        ours.sendall(b"head ")
        assert ours.sendfile(file, offset=0, count=4) == 4
        theirs.settimeout(10)
        assert theirs.recv(9, socket.MSG_WAITALL) == b"head body"
        assert ours.getsockname() == connection.getsockname()
