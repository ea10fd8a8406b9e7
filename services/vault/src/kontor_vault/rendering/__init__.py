"""Everything that parses what strangers wrote, in a process of its own: previews, photos to PDF, cleaned PDFs.

`process` is the edge's side: it starts `python -m kontor_vault.rendering`, feeds it the plaintext through a pipe, and
bounds its time and memory. Nothing of it touches a disk.
"""
