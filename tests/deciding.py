"""Two builds of one bench and what is decided between them: figures, who decides and why, what readers see before and after."""

from datetime import UTC, datetime

OLD = {"falls": {"00": 1.0, "04": 2.0}, "plans": {"04": 7.0}}
NEW = {"falls": {"00": 99.0, "04": 2.0}, "plans": {"04": 8.0}}
WHY = {"name": "Anna Ek", "role": "statistician", "reason": "Rättad av källan"}
WAITING = [("falls", "00", 1.0, True), ("falls", "04", 2.0, True), ("plans", "04", 8.0, False)]  # where falls waits
OUT = [("falls", "00", 99.0, False), ("falls", "04", 2.0, False), ("plans", "04", 8.0, False)]
READ_TIME = datetime(2026, 3, 1, tzinfo=UTC)


def run(bench, figures, *failed):
    bench.build(figures)
    bench.check(*failed)
    return bench.publish()


def values(bench):
    return bench.released("select measure_id, area_code, value, is_held from fct_observations order by all")
