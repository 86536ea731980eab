"""The client side of a backend instance, against a real scripted backend."""

from __future__ import annotations

from proxima_orchestrator.backends import BackendInstance
from proxima_runtime.testing import scripted_job, start_backend


async def test_equal_jobs_are_estimated_once_a_connection() -> None:
    """The same job gets the very estimate that was given before; another job is asked about anew."""
    async with start_backend() as backend:
        instance = BackendInstance(
            backend="scripted",
            name="backends/scripted/instances/0",
            target=backend.target,
            max_message_bytes=2**24,
            max_in_flight=0,
        )
        instance.start()
        try:
            assert await instance.settle(seconds=30)
            small = scripted_job(qubit_count=2).SerializeToString()
            large = scripted_job(qubit_count=5).SerializeToString()
            first = await instance.estimate(small)
            assert await instance.estimate(small) is first
            assert (await instance.estimate(large)).peak_memory_bytes > first.peak_memory_bytes
        finally:
            await instance.close()
