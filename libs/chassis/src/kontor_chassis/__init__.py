"""What every Kontor service shares: start-up, transport, data access, events, jobs, telemetry. No domain words."""
