"""Proxima's Python client.

from proxima_client import Client

with Client() as client:
    result = client.run(open("bell.qasm").read(), shots=1000)
    print(result.counts)
"""

from proxima_runtime.errors import ProximaError

from proxima_client.async_client import AsyncClient
from proxima_client.client import Client
from proxima_client.comparison import CompareOptions, Comparison, Target, Verdict
from proxima_client.events import Event, Outcome, Reconnecting
from proxima_client.noise import (
    AmplitudeDamping,
    Depolarizing,
    Kraus,
    NoiseModel,
    NoiseRule,
    PauliChannel,
    PhaseDamping,
    ReadoutError,
    ThermalRelaxation,
)
from proxima_client.observables import Observable
from proxima_client.options import RunOptions
from proxima_client.result import Result
from proxima_client.values import (
    Backend,
    BackendInstance,
    Candidate,
    Execution,
    ExecutionPage,
    ExpectationValue,
    NoiseSummary,
    Plan,
    Producer,
    Progress,
    RankHistory,
    ServerInfo,
    State,
    Times,
    UnavailableEngine,
)

__all__ = [
    "AmplitudeDamping",
    "AsyncClient",
    "Backend",
    "BackendInstance",
    "Candidate",
    "Client",
    "CompareOptions",
    "Comparison",
    "Depolarizing",
    "Event",
    "Execution",
    "ExecutionPage",
    "ExpectationValue",
    "Kraus",
    "NoiseModel",
    "NoiseRule",
    "NoiseSummary",
    "Observable",
    "Outcome",
    "PauliChannel",
    "PhaseDamping",
    "Plan",
    "Producer",
    "Progress",
    "ProximaError",
    "RankHistory",
    "ReadoutError",
    "Reconnecting",
    "Result",
    "RunOptions",
    "ServerInfo",
    "State",
    "Target",
    "ThermalRelaxation",
    "Times",
    "UnavailableEngine",
    "Verdict",
]
