"""What Django loads for the engine ``ossnet_site.postgresql``: connections come from psycopg's pool of the process.

The pool opens connections in a thread of its own, tries again for a while, and lets whoever asks wait for that until
its timeout. A page asks several times: with a server that is away it would take a quarter of a minute to say so, which
a plain connection says at once. So nobody asks the pool for a connection that it would have to open before one was
opened here. That costs a connection twice a few times in the life of a process.
"""

from contextlib import suppress
from typing import Any

import psycopg
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, but for how a connection is come by."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """One of the pool that answers. Raises psycopg's OperationalError at once when the server does not."""
        pool = self.pool
        if pool is None:
            return super().get_new_connection(conn_params)
        pool.open()
        while True:
            if not pool.get_stats()["pool_available"]:
                psycopg.connect(**conn_params).close()
            connection = super().get_new_connection(conn_params)
            with suppress(psycopg.OperationalError):
                pool.check_connection(connection)
                return connection
            # Broken: the server has been restarted. The pool lets go of it, and of the next, until one holds.
            connection.close()
            pool.putconn(connection)
