"""Running a backend: the whole of what its `__main__` calls."""

from __future__ import annotations

import asyncio
import sys

import grpc.aio
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2

from proxima_runtime.backend.admission import Admission
from proxima_runtime.backend.engine import Engine, KnowsUnavailableEngines
from proxima_runtime.backend.jobs import Jobs
from proxima_runtime.backend.metrics import BackendMetrics, WorkerCollector
from proxima_runtime.backend.pool import WorkerPool
from proxima_runtime.backend.registration import Registrar
from proxima_runtime.backend.results import ProducerIndex
from proxima_runtime.backend.servicer import SERVICE_NAME, BackendServicer
from proxima_runtime.backend.settings import BackendSettings
from proxima_runtime.errors import ProximaError, Unavailable
from proxima_runtime.logs import configure_logs
from proxima_runtime.metrics import Metrics
from proxima_runtime.server import Health
from proxima_runtime.server import serve as serve_services


def serve(engine_class: type[Engine], settings: BackendSettings) -> None:
    """Serve a backend until SIGTERM or SIGINT; exits with status 1 and a message if it cannot start.

    Args:
        engine_class: importable from its module, created with no arguments, here and in each worker.
        settings: read in `__main__`.
    """
    configure_logs(level=settings.log_level, log_format=settings.log_format)
    metrics = Metrics()
    try:
        asyncio.run(_serve(engine_class, settings, metrics))
    except (OSError, ProximaError) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        raise SystemExit(1) from error


async def _serve(engine_class: type[Engine], settings: BackendSettings, metrics: Metrics) -> None:
    await serve_services([BackendRuntime(engine_class, settings, metrics)], settings, metrics=metrics)


class BackendRuntime:
    """Wires one engine's service together; see `proxima_runtime.server.Service`."""

    def __init__(self, engine_class: type[Engine], settings: BackendSettings, metrics: Metrics) -> None:
        engine = engine_class()
        self._pool = WorkerPool(
            engine_path=f"{engine_class.__module__}:{engine_class.__qualname__}", worker_count=settings.worker_count
        )
        self._jobs = Jobs(
            pool=self._pool,
            queue_limit=settings.queue_limit,
            retained_result_bytes=settings.retained_result_bytes,
            metrics=BackendMetrics(metrics.registry),
        )
        metrics.registry.register(WorkerCollector(self._pool.counts))
        capabilities = capabilities_pb2.Capabilities(
            backend=engine.name,
            version=engine.version,
            methods=engine.methods(),
            memory_cap_bytes=settings.resolved_memory_cap_bytes(),
            worker_count=settings.worker_count,
            thread_count=settings.resolved_thread_count(),
            package_versions=engine.package_versions(),
            unavailable_engines=engine.unavailable_engines() if isinstance(engine, KnowsUnavailableEngines) else (),
        )
        self._servicer = BackendServicer(
            capabilities=capabilities,
            admission=Admission(engine=engine, capabilities=capabilities),
            jobs=self._jobs,
            producers=ProducerIndex(engine),
            grace_seconds=settings.grace_seconds,
            hang_seconds=settings.hang_seconds,
            max_result_bytes=settings.max_result_bytes,
        )
        registration = settings.registration(engine.name)
        self._registrar = Registrar(registration) if registration is not None else None
        self._ready: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def register(self, server: grpc.aio.Server) -> str:
        """See `Service`."""
        self._servicer.add_to_server(server)
        return SERVICE_NAME

    async def start(self, health: Health) -> None:
        """See `Service`; returns when the first worker is warm."""
        self._ready = asyncio.get_running_loop().create_future()
        self._jobs.on_worker_change = lambda problem: self._tell(health, problem)
        self._pool.start()
        await self._ready
        if self._registrar is not None:
            self._registrar.start()

    async def drain(self) -> None:
        """See `Service`."""
        if self._registrar is not None:
            await self._registrar.leave()
        await self._jobs.drain()

    async def close(self) -> None:
        """See `Service`."""
        await self._jobs.stop_all()
        await self._pool.close()
        self._jobs.close()
        if self._registrar is not None:
            await self._registrar.close()

    def _tell(self, health: Health, problem: str | None) -> None:
        """The workers became ready, or cannot start."""
        if self._ready is not None and not self._ready.done():
            if problem is None:
                self._ready.set_result(None)
            else:
                self._ready.set_exception(
                    Unavailable(
                        f"the simulator does not start: {problem}", reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE
                    )
                )
            return
        task = asyncio.create_task(health.set_serving(serving=problem is None))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
