"""Work on a GPU that is recorded once and replayed: ordering a thousand small steps takes longer than doing them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


class Recorded:
    """A function of tensors as a CUDA graph, for inputs of one shape.

    Source: NVIDIA, CUDA Programming Guide, "CUDA Graphs", through torch.cuda.CUDAGraph.
    """

    def __init__(self, work: Callable[..., tuple[Any, ...]], inputs: tuple[Any, ...], pool: Any) -> None:
        """Run it twice to warm up, then record it.

        Args:
            work: asks nothing of the host.
            inputs: its arguments, on the device.
            pool: memory that recorded functions share; they run one after another.
        """
        torch: Any = import_module("torch")
        self._inputs = tuple(value.clone(memory_format=torch.contiguous_format) for value in inputs)
        now, aside = torch.cuda.current_stream(), torch.cuda.Stream()
        aside.wait_stream(now)
        with torch.cuda.stream(aside):
            for _ in range(2):
                work(*self._inputs)
        now.wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        # Other threads may use the GPU for something else meanwhile.
        with torch.cuda.graph(self._graph, pool=pool, capture_error_mode="thread_local"):
            self._outputs = work(*self._inputs)

    def __call__(self, *values: Any) -> tuple[Any, ...]:
        """Order it; the outputs are overwritten by the next call."""
        for place, value in zip(self._inputs, values, strict=True):
            place.copy_(value)
        self._graph.replay()
        return self._outputs
