"""What Prometheus reads of an application, by the names and labels of its series."""

from prometheus_client.parser import text_string_to_metric_families

from ussd.metrics import Metrics


def series(metrics: Metrics) -> dict[str, float]:
    """Every series that counts anything, as `name value value`; the library's own `_created` are left out."""
    samples = [one for family in text_string_to_metric_families(metrics.written().decode()) for one in family.samples]
    return {
        " ".join([one.name.removeprefix("ussd_"), *one.labels.values()]): one.value
        for one in samples
        if one.value and not one.name.endswith("_created")
    }


class Since:
    """What has been counted since."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics, self._before = metrics, series(metrics)

    def of(self, *names: str) -> dict[str, float]:
        """How many more, of the metrics that have these names."""
        now = series(self._metrics)
        more = {name: now[name] - self._before.get(name, 0) for name in now if name.split()[0] in names}
        return {name: number for name, number in more.items() if number}
