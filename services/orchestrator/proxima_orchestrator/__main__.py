"""`python -m proxima_orchestrator`: settings and wiring, nothing else."""

from __future__ import annotations

import gc
import sys

import uvloop
from proxima.orchestrator.v1 import consent_pb2, insight_pb2, sessions_pb2
from proxima_runtime.errors import ProximaError
from proxima_runtime.logs import configure_logs
from proxima_runtime.metrics import Metrics
from proxima_runtime.server import Service, serve

from proxima_orchestrator.artifacts import FolderArtifacts
from proxima_orchestrator.catalog import BackendCatalog
from proxima_orchestrator.comparisons.members import Members
from proxima_orchestrator.comparisons.run import ComparisonParts
from proxima_orchestrator.comparisons.service import Comparisons
from proxima_orchestrator.comparisons.store import ComparisonStore
from proxima_orchestrator.executions.database import database_url
from proxima_orchestrator.executions.directory import DataDirectory
from proxima_orchestrator.executions.history import Outcomes
from proxima_orchestrator.executions.metrics import RunMetrics
from proxima_orchestrator.executions.parts import RunParts
from proxima_orchestrator.executions.planner import Planner
from proxima_orchestrator.executions.service import Executions
from proxima_orchestrator.executions.store import Store
from proxima_orchestrator.qasm.bounded import ParserChildren
from proxima_orchestrator.servicers.backends import BackendCatalogService
from proxima_orchestrator.servicers.comparisons import ComparisonService
from proxima_orchestrator.servicers.executions import ExecutionService
from proxima_orchestrator.servicers.unimplemented import UnimplementedService
from proxima_orchestrator.settings import OrchestratorSettings


async def run(settings: OrchestratorSettings, directory: DataDirectory) -> None:
    """Serve until told to stop."""
    metrics = Metrics()
    store = await Store.open(
        settings.database_url or database_url(directory.database), synchronous=settings.synchronous
    )
    try:
        outcomes = Outcomes()
        await outcomes.load(store)
        catalog = BackendCatalog(
            settings.targets, max_message_bytes=settings.max_message_bytes, max_in_flight=settings.max_in_flight
        )
        async with ParserChildren() as children:
            planner = Planner(
                catalog=catalog, children=children, rules=settings.planning_rules, history=outcomes.records
            )
            parts = RunParts(
                planner=planner,
                catalog=catalog,
                store=store,
                artifacts=FolderArtifacts(
                    settings.artifact_dir or str(directory.artifacts), durable=settings.synchronous == "full"
                ),
                outcomes=outcomes,
                metrics=RunMetrics(metrics.registry),
                rules=settings.run_rules,
            )
            executions = Executions(parts)
            comparisons = Comparisons(
                ComparisonParts(
                    members=Members(executions, planner, catalog),
                    store=store,
                    comparisons=ComparisonStore(store),
                    artifacts=parts.artifacts,
                )
            )
            services: list[Service] = [
                ExecutionService(executions, planner),
                BackendCatalogService(catalog, executions, registration=settings.registration),
                ComparisonService(comparisons, executions),
            ]
            services.extend(
                UnimplementedService(service)
                for module in (consent_pb2, sessions_pb2, insight_pb2)
                for service in module.DESCRIPTOR.services_by_name.values()
            )
            await serve(services, settings, metrics=metrics)
    finally:
        await store.close()


def main() -> None:
    """Read the settings and serve; what cannot start says why in one line."""
    # What is loaded by now stays: collecting it again and again would cost a tenth of a small run.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    settings = OrchestratorSettings.load()
    configure_logs(level=settings.log_level, log_format=settings.log_format)
    try:
        directory = DataDirectory(settings.data_dir)
        uvloop.run(run(settings, directory))
    except (ProximaError, OSError) as error:
        sys.exit(f"proxima-orchestrator: {error}")


if __name__ == "__main__":
    main()
