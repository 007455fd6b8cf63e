"""What Django loads for the engine ``ossnet_site.postgresql``: connections come from psycopg's pool of the process.

The pool opens connections in a thread of its own, tries again for a while, and lets whoever asks wait for that until
its timeout. A page asks several times: with a server that is away it would take a quarter of a minute to say so, which
a plain connection says at once. So nobody asks the pool for a connection that it would have to open before one was
opened here. That costs a connection twice a few times in the life of a process.

A server that hangs says nothing at all. No question to it is waited for longer than ``ossnet_site.patience`` says, and
while it is silent one thread at a time tries to connect; the others are told so at once, but for a connection that lies
ready in the pool and answers.
"""

from types import SimpleNamespace
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import PoolTimeout

from ossnet_site import patience
from ossnet_site.postgresql.silence import PatientConnection, Silence

CHECK = 1.5  # seconds in which a connection of the pool must answer
_silence = Silence()


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, but for how a connection is come by, and how long it waits."""

    # Where there is no pool.
    Database = SimpleNamespace(**vars(psycopg) | {"connect": PatientConnection.connect})  # type: ignore[assignment]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """One that answers. Raises psycopg's OperationalError at once when the server refuses, or hangs already."""
        if patience.is_over():
            raise psycopg.OperationalError("no time is left for another connection")
        return self._ready(conn_params) or self._opened(conn_params)

    def _ready(self, conn_params: dict[str, Any]) -> Any:
        """One that lies in the pool, and holds; None where there is none."""
        pool = self.pool
        if pool is None:
            return None
        pool.connection_class = PatientConnection
        pool.open()
        while pool.get_stats()["pool_available"]:
            connection = super().get_new_connection(conn_params)
            if _answers(pool, connection):
                return connection
            # Broken: the server has been restarted. The pool lets go of it, and of the next, until one holds.
            connection.close()
            pool.putconn(connection)
        return None

    def _opened(self, conn_params: dict[str, Any]) -> Any:
        _silence.take_turn()
        try:
            if self.pool is not None:
                PatientConnection.connect(**conn_params).close()
            connection = super().get_new_connection(conn_params)
        except psycopg.errors.ConnectionTimeout:
            _silence.begin()
            raise
        except PoolTimeout:  # which says nothing of the server
            raise
        except psycopg.Error:
            _silence.end()
            raise
        _silence.end()
        return connection


def _answers(pool: Any, connection: psycopg.Connection[Any]) -> bool:
    """Whether the connection holds. Raises psycopg's ConnectionTimeout when nothing is said of it."""
    with patience.at_most(CHECK, anew=True):
        try:
            pool.check_connection(connection)
        except psycopg.OperationalError as error:
            if not patience.is_over():
                return False
            pool.putconn(connection)
            _silence.begin()
            raise psycopg.errors.ConnectionTimeout("the database server does not answer") from error
    return True
