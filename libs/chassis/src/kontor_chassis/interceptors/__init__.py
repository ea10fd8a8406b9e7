"""What happens around every RPC: authentication, authorization, validation, errors, idempotent replay, telemetry.

All of it is composed once per method when the server is built (`pipeline`), not looked up per call. Nothing is imported
here, because edges need single modules and not the database that the pipeline brings.
"""
