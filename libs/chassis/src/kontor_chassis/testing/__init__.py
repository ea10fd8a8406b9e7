"""What tests of every service share: real PostgreSQL and NATS, services in-process, tokens. Not part of production."""
