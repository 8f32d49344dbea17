"""The database: the embedded server, the pools, transactions; the only home of asyncpg."""
