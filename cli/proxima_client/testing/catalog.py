"""The catalogue of the fake orchestrator: one backend, called "scripted", and how its calls fail."""

from typing import NoReturn

import grpc
import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import backends_pb2, backends_pb2_grpc
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_runtime.errors import STATUS_TRAILER, NotFound, ProximaError, Unimplemented, to_trailer

__all__ = ["Context", "FakeCatalog", "fail", "unimplemented"]

Context = grpc.aio.ServicerContext[object, object]


class FakeCatalog(backends_pb2_grpc.BackendCatalogServiceServicer):
    """Knows the backend "scripted"."""

    async def ListBackends(  # noqa: D102
        self, request: backends_pb2.ListBackendsRequest, context: Context
    ) -> backends_pb2.ListBackendsResponse:
        return backends_pb2.ListBackendsResponse(backends=[_scripted_backend()])

    async def GetBackend(  # noqa: D102
        self, request: backends_pb2.GetBackendRequest, context: Context
    ) -> backends_pb2.GetBackendResponse:
        if request.name != "backends/scripted":
            name = request.name.removeprefix("backends/")
            message = f"there is no backend {name}; known: scripted"
            await fail(context, NotFound(message, reason=errors_pb2.ERROR_REASON_UNKNOWN_BACKEND))
        return backends_pb2.GetBackendResponse(backend=_scripted_backend())

    async def GetServerInfo(  # noqa: D102
        self, request: backends_pb2.GetServerInfoRequest, context: Context
    ) -> backends_pb2.GetServerInfoResponse:
        return backends_pb2.GetServerInfoResponse(version="0.0.0-scripted", start_time=Timestamp(seconds=1))

    async def RegisterBackendInstance(  # noqa: D102
        self, request: backends_pb2.RegisterBackendInstanceRequest, context: Context
    ) -> backends_pb2.RegisterBackendInstanceResponse:
        return await unimplemented(context)

    async def UnregisterBackendInstance(  # noqa: D102
        self, request: backends_pb2.UnregisterBackendInstanceRequest, context: Context
    ) -> backends_pb2.UnregisterBackendInstanceResponse:
        return await unimplemented(context)


async def unimplemented(context: Context) -> NoReturn:
    """End the call as the contract says for what a version does not serve."""
    await fail(context, Unimplemented("the fake does not play this", reason=errors_pb2.ERROR_REASON_NOT_IMPLEMENTED))


async def fail(context: Context, error: ProximaError) -> NoReturn:
    """End the call with an error of ours."""
    message, trailer = to_trailer(error)
    context.set_trailing_metadata(((STATUS_TRAILER, trailer),))
    code = next(code for code in grpc.StatusCode if code.value[0] == error.code)
    await context.abort(code, message)


def _scripted_backend() -> backends_pb2.Backend:
    return backends_pb2.Backend(
        name="backends/scripted",
        instances=[
            backends_pb2.BackendInstance(
                name="backends/scripted/instances/0",
                target="unix:scripted.sock",
                condition=backends_pb2.BackendInstance.CONDITION_SERVING,
                capabilities=capabilities_pb2.Capabilities(
                    backend="scripted",
                    version="0.0.0",
                    memory_cap_bytes=2**30,
                    worker_count=1,
                    thread_count=1,
                    package_versions={"scripted": "0.0.0"},
                    methods=[
                        capabilities_pb2.MethodCapability(
                            method=capabilities_pb2.METHOD_STATEVECTOR,
                            engine="scripted",
                            engine_version="0.0.0",
                            precisions=[result_pb2.PRECISION_DOUBLE],
                            max_qubit_count=30,
                            gates=["h", "cx"],
                            results=[result_pb2.RESULT_KIND_COUNTS],
                            max_shots=10**9,
                        )
                    ],
                    unavailable_engines=[
                        capabilities_pb2.UnavailableEngine(
                            engine="unwritten", reason="nobody has written its script", remedy="use engine scripted"
                        )
                    ],
                ),
            )
        ],
    )
