"""The audit chain: seals over the change log and the security events that show what was altered.

A worker seals what has committed (`sealing`), each seal over the one before (`chain`); `verifying`
looks at all of it again, in the database or in a file that `exporting` wrote.
"""
