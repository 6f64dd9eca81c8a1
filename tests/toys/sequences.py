"""How many random sequences of what can happen are tried, and how long they are."""

from hypothesis import HealthCheck, settings

SEQUENCES = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
