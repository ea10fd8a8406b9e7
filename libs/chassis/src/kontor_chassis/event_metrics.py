"""Metrics of events and jobs, by service (several services may share one process in tests)."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

OUTBOX_DEPTH = Gauge("kontor_outbox_depth", "Events that wait to be published", ["service"])
OUTBOX_LAG = Gauge("kontor_outbox_lag_seconds", "Age of the oldest event that waits to be published", ["service"])
PUBLISHED = Counter("kontor_events_published_total", "Events published and acknowledged", ["service"])
CONSUMED = Counter("kontor_events_consumed_total", "Deliveries by outcome", ["service", "producer", "outcome"])
CONSUMER_LAG = Gauge("kontor_consumer_lag", "Events in the stream not yet delivered or acked", ["service", "producer"])
DEAD_LETTERS = Gauge("kontor_dead_letters", "Events given up and not replayed", ["service"])
REPUBLISHED = Counter("kontor_events_republished_total", "Events published again for a consumer's gap", ["service"])
JOB_RUNS = Counter("kontor_job_runs_total", "Runs of periodic jobs by outcome", ["service", "job", "outcome"])
JOB_SECONDS = Gauge("kontor_job_duration_seconds", "Duration of the last run", ["service", "job"])
JOB_ITEMS_FAILED = Counter(
    "kontor_job_items_failed_total", "Firms, customers and the like that a job could not finish", ["service", "job"]
)
