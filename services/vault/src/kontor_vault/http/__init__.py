"""The file edge: bytes in and out over HTTP, encrypted on the way between socket and object store."""
