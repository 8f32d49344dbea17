"""Mail: written in the transaction that gives rise to it, sent by a job afterwards."""
