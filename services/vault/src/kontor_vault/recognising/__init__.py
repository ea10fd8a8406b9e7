"""What papers say about themselves: type, sender, day, numbers, due day; and plain names for machines' files (F146).

Rules over text, with their words as data beside them (`plain_names.toml`, `senders.toml`). Knows no database.
"""
