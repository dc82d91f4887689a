"""The Celery app: queues by resource, priorities, and what happens to a message when its worker dies."""

from __future__ import annotations

from celery import Celery

from anchor.core.job import Priority
from anchor.pipeline.graph import STAGES, stage_of
from anchor.settings import Settings
from workers.acknowledgement import let_go
from workers.broker import celery_url
from workers.garbage import sort_out

QUEUES = tuple(sorted({"gpu", *(stage.queue for stage in STAGES.values())}))
STEPS = tuple(range(9))
"""0 goes first: kombu looks through the lists of a queue in this order."""
_URGENCY = {Priority.BREAKING: 0, Priority.NORMAL: 3, Priority.BATCH: 6}
LOST_S = 0.3
"""Until the last word of a pool process that died can have come; it is as good as done until then."""


def visibility_s(settings: Settings) -> float:
    """Redis delivers a message again that nobody has acknowledged for so long; the longest unit is well below it."""
    return 2 * max(settings.jobs.unit_s, *(stage.limit_s for stage in STAGES.values()))


def step_of(priority: Priority, stage: str) -> int:
    """In which list of its queue a unit waits."""
    return _URGENCY[priority] + stage_of(stage).begins


def queue_of(stage: str, gpu_stages: tuple[str, ...]) -> str:
    """Where the units of a stage wait."""
    return "gpu" if stage in gpu_stages else stage_of(stage).queue


def make_app(settings: Settings) -> Celery:
    """The app of these settings; nothing is connected before its first use."""
    let_go()
    sort_out()
    app = Celery("anchor", broker=celery_url(settings.redis), set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue="cpu",
        worker_prefetch_multiplier=1,
        worker_lost_wait=LOST_S,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": visibility_s(settings),
            "priority_steps": list(STEPS),
            "queue_order_strategy": "priority",
            "socket_timeout": 10,
            "socket_connect_timeout": 2,
            "max_retries": 1,
        },
    )
    return app
