"""The vault's gRPC services: proto → use case → proto, no decisions."""
