"""The gateway: renders one Envoy configuration from the environment and the protos, and becomes that Envoy.

Owns everything between the public address and the services: TLS, token and origin checks, limits, transcoding of gRPC
to JSON and server-sent events, security headers, access log. It knows no domain word and no RPC by name; what is
public, what streams and what only reads is derived from the descriptors (`contracts.py`).
"""
