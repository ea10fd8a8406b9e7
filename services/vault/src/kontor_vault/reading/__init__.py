"""How the text of a document is read: in a process of its own, with bounded time and memory, and nothing on a disk.

`process` is the service's side: it starts `python -m kontor_vault.reading` and feeds it the plaintext through a pipe.
"""
