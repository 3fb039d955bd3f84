"""How properties are tried everywhere: no deadline, for the machine may be busy, and failures can be repeated."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "codetrail", max_examples=60, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("codetrail")
