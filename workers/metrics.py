"""Figures for Prometheus, read from the database and the broker when they are asked for: no process counts alone."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from redis.exceptions import RedisError

from anchor.core.errors import AnchorError
from anchor.jobs.service import JobService
from anchor.settings import Settings
from workers.app import QUEUES, STEPS
from workers.broker import Marks
from workers.dispatcher import CeleryDispatcher


class JobFigures:
    """Jobs by state, work by stage, depth of the queues; the same answer from every worker of a farm."""

    def __init__(self, settings: Settings) -> None:
        self._service = JobService(settings, CeleryDispatcher(settings))
        self._marks = Marks(settings.redis)

    def collect(self) -> Iterator[Metric]:
        """Every family, or those whose source answers."""
        try:
            yield from self._jobs()
            yield from self._stages()
        except AnchorError:
            yield GaugeMetricFamily("anchor_database_up", "Whether the database answers.", 0)
        try:
            depth = GaugeMetricFamily("anchor_queue_depth", "Units that wait in the broker.", labels=["queue"])
            for queue, count in self._marks.waiting(QUEUES, STEPS).items():
                depth.add_metric([queue], count)
            yield depth
        except RedisError:
            yield GaugeMetricFamily("anchor_broker_up", "Whether Redis answers.", 0)

    def _jobs(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("anchor_jobs", "Jobs that are kept, by state.", labels=["state"])
        for state, count in self._service.counts().items():
            jobs.add_metric([state.value], count)
        yield jobs

    def _stages(self) -> Iterator[Metric]:
        units = GaugeMetricFamily("anchor_units", "Units of kept jobs, by stage and state.", labels=["stage", "state"])
        cached = CounterMetricFamily("anchor_cached_units", "Units found in the store.", labels=["stage"])
        seconds = CounterMetricFamily("anchor_stage_seconds", "Seconds of work in units.", labels=["stage"])
        made = CounterMetricFamily("anchor_clip_seconds", "Seconds of clip made by units.", labels=["stage"])
        speed = GaugeMetricFamily("anchor_stage_realtime_ratio", "Clip seconds per second of work.", labels=["stage"])
        retries = CounterMetricFamily("anchor_retries", "Attempts that failed or were lost.", labels=["stage", "why"])
        for row in self._service.figures():
            for state in ("ready", "running", "done"):
                units.add_metric([row.stage, state], getattr(row, state))
            cached.add_metric([row.stage], row.cached)
            seconds.add_metric([row.stage], row.seconds)
            made.add_metric([row.stage], row.clip_s)
            if row.clip_s:
                speed.add_metric([row.stage], row.clip_s / row.seconds)
            retries.add_metric([row.stage, "failed"], row.failures)
            retries.add_metric([row.stage, "lost"], row.losses)
        yield from (units, cached, seconds, made, speed, retries)


def registry_of(settings: Settings) -> CollectorRegistry:
    """A registry with these figures alone."""
    registry = CollectorRegistry()
    registry.register(JobFigures(settings))
    return registry
