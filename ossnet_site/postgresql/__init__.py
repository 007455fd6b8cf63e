"""Django's engine for PostgreSQL, with a pool that does not keep anybody waiting for a server that is away."""
