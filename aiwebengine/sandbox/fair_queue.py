"""Jobs that wait for a sandbox: a queue per script, served in turns."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiwebengine.sandbox.job import Job

__all__ = ["FairQueue"]


class FairQueue:
    """Waiting jobs by script; ``count`` is how many there are in all."""

    def __init__(self) -> None:
        self.count = 0
        self._queues: OrderedDict[str, deque[Job]] = OrderedDict()

    def __contains__(self, uri: object) -> bool:
        """Whether a script has jobs waiting."""
        return uri in self._queues

    def add(self, job: Job) -> None:
        """Queue a job behind those of its script."""
        self._queues.setdefault(job.uri, deque()).append(job)
        self.count += 1

    def put_back(self, job: Job) -> None:
        """Queue a job before all others of its script."""
        self._queues.setdefault(job.uri, deque()).appendleft(job)
        self.count += 1

    def take(self, uri: str) -> Job:
        """Give the script's first job; the script's next turn comes after all others'."""
        queue = self._queues[uri]
        job = queue.popleft()
        self.count -= 1
        if queue:
            self._queues.move_to_end(uri)
        else:
            del self._queues[uri]
        return job

    def remove(self, job: Job) -> None:
        """Take out a job wherever it stands; nothing when it is not there."""
        queue = self._queues.get(job.uri)
        if queue is None or job not in queue:
            return
        queue.remove(job)
        self.count -= 1
        if not queue:
            del self._queues[job.uri]

    def next_uri(self, held: Mapping[str, int], most: int) -> str | None:
        """Give the script whose turn it is among those that hold fewer than ``most`` sandboxes."""
        for uri in self._queues:
            if held.get(uri, 0) < most:
                return uri
        return None

    def alone(self, uri: str) -> Job | None:
        """Give the script's first job if no other script waits."""
        queue = self._queues.get(uri)
        return queue[0] if queue is not None and len(queue) == self.count else None

    def expired(self, now: float) -> list[Job]:
        """Take out and give the jobs whose deadline has come."""
        late = [job for queue in self._queues.values() for job in queue if now >= job.deadline]
        for job in late:
            self.remove(job)
        return late

    def clear(self) -> list[Job]:
        """Take out and give all jobs."""
        everything = [job for queue in self._queues.values() for job in queue]
        self._queues.clear()
        self.count = 0
        return everything
