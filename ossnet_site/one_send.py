"""A connection on which an answer leaves as a whole or not at all."""

from socket import socket
from typing import Any


class OneSend:
    """Holds back the first thing that is sent, the head of an answer, until the next thing or ``flush``.

    gunicorn sends head and body one after the other. When a process was killed between the two, a proxy in front had
    passed the head on, and could not ask another instance any more. It also saves a system call for each page.
    """

    def __init__(self, connection: socket) -> None:
        self._connection = connection
        self._held = b""
        self._is_first = True

    def sendall(self, data: bytes) -> None:
        """Keep the head; send everything else, with the head before it."""
        if self._is_first:
            self._is_first, self._held = False, data
        else:
            held, self._held = self._held, b""
            self._connection.sendall(held + data if held else data)

    def sendfile(self, *args: Any, **options: Any) -> int:
        """A file goes from the disk to the network by itself."""
        self.flush()
        return self._connection.sendfile(*args, **options)

    def flush(self) -> None:
        """Send the head of an answer that has no body."""
        if self._held:
            self.sendall(b"")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)
