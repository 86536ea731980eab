"""What there is to test: engines with methods and precisions, their gates, and jobs for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, observable_pb2, result_pb2

from proxima_runtime.conformance import reference
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Row, is_terminal

_SHORT_PRECISION = {result_pb2.PRECISION_SINGLE: "single", result_pb2.PRECISION_DOUBLE: "double"}


@dataclass(frozen=True, kw_only=True)
class Mode:
    """One engine running one method in one precision."""

    capability: capabilities_pb2.MethodCapability
    precision: result_pb2.Precision

    @property
    def name(self) -> str:
        """For test names: engine-method-precision."""
        method = capabilities_pb2.Method.Name(self.capability.method).removeprefix("METHOD_").lower()
        return f"{self.capability.engine}-{method}-{_SHORT_PRECISION[self.precision]}"

    @property
    def tolerance(self) -> float:
        """Largest difference of an amplitude that rounding over a few dozen gates may make."""
        return 2e-5 if self.precision == result_pb2.PRECISION_SINGLE else 1e-7

    @property
    def is_clifford(self) -> bool:
        """It takes Clifford gates only."""
        return capabilities_pb2.FEATURE_NON_CLIFFORD not in self.capability.features

    def gives(self, kind: result_pb2.ResultKind) -> bool:
        """It can return results of this kind."""
        return kind in self.capability.results

    def job(
        self,
        circuit: CircuitWriter,
        *,
        shots: int = 0,
        probabilities: bool = False,
        statevector: bool = False,
        density_matrix: bool = False,
        observables: Sequence[observable_pb2.Observable] = (),
        max_error: float = 0.0,
        seed: int = 1,
    ) -> backend_pb2.Job:
        """Return a job of this mode on one thread; skips the test if a gate of the circuit is not advertised."""
        used = {row.name for row in circuit.rows if row.kind == circuit_pb2.Operation.KIND_GATE}
        absent = sorted(used - set(self.capability.gates))
        if absent:
            pytest.skip(f"{self.name} does not offer {', '.join(absent)}")
        return backend_pb2.Job(
            circuit=circuit.message(),
            results=result_pb2.ResultSpec(
                shots=shots,
                probabilities=probabilities,
                statevector=statevector,
                density_matrix=density_matrix,
                observables=observables,
            ),
            method=self.capability.method,
            engine=self.capability.engine,
            precision=self.precision,
            seed=seed,
            thread_count=1,
            max_error=max_error,
        )

    def offers(self, *features: capabilities_pb2.Feature) -> bool:
        """It advertises all of these features."""
        return set(features) <= set(self.capability.features)

    def require(self, circuit: CircuitWriter) -> None:
        """Skip the test if the circuit needs a feature that is not advertised."""
        names = sorted(
            capabilities_pb2.Feature.Name(feature) for feature in needed(circuit.rows) - {*self.capability.features}
        )
        if names:
            pytest.skip(f"{self.name} does not offer {', '.join(names)}")

    def start(self, width: int, seed: int) -> list[reference.Step]:
        """Return gates that make a random product state: any where `u` is offered, else what three gates give."""
        generator = np.random.default_rng((seed, width))
        if "u" not in self.capability.gates:
            names = [name for name in sorted(self.capability.gates) if reference.qubit_count(name) == 1]
            return [
                (name, (qubit,), tuple(generator.uniform(-np.pi, np.pi, reference.parameter_count(name)).tolist()))
                for qubit in range(width)
                for name in (generator.choice(names, size=3).tolist() if names else ())
            ]
        angles = generator.uniform(-np.pi, np.pi, size=(width, 3)).tolist()
        return [("u", (qubit,), tuple(row)) for qubit, row in enumerate(angles)]

    def random_steps(self, width: int, count: int, seed: int) -> list[reference.Step]:
        """Return random gates of this mode on random operands."""
        generator = np.random.default_rng((seed, width, count))
        names = [name for name in sorted(self.capability.gates) if reference.qubit_count(name) <= width]
        return [random_step(str(generator.choice(names)), width, generator) for _ in range(count)]


@dataclass(frozen=True, kw_only=True)
class GateCase:
    """One gate in one mode."""

    mode: Mode
    gate: str

    @property
    def name(self) -> str:
        """For test names."""
        return f"{self.mode.name}-{self.gate}"


def random_step(name: str, width: int, generator: np.random.Generator) -> reference.Step:
    """Return a gate with random distinct operands and random parameters."""
    operands = tuple(generator.permutation(width)[: reference.qubit_count(name)].tolist())
    parameters = tuple(generator.uniform(-2 * np.pi, 2 * np.pi, reference.parameter_count(name)).tolist())
    return name, operands, parameters


_FEATURES: Mapping[int, capabilities_pb2.Feature] = {
    circuit_pb2.Operation.KIND_RESET: capabilities_pb2.FEATURE_RESET,
    circuit_pb2.Operation.KIND_UNITARY: capabilities_pb2.FEATURE_UNITARY,
    circuit_pb2.Operation.KIND_CHANNEL: capabilities_pb2.FEATURE_CHANNEL,
    circuit_pb2.Operation.KIND_DELAY: capabilities_pb2.FEATURE_DELAY,
    circuit_pb2.Operation.KIND_GLOBAL_PHASE: capabilities_pb2.FEATURE_GLOBAL_PHASE_INSTRUCTION,
}


def needed(rows: Sequence[Row]) -> set[capabilities_pb2.Feature]:
    """Return the features that instructions need."""
    found = {_FEATURES[row.kind] for row in rows if row.kind in _FEATURES}
    if any(row.conditions for row in rows):
        found.add(capabilities_pb2.FEATURE_CLASSICAL_CONDITION)
    if any(row.readout is not None for row in rows):
        found.add(capabilities_pb2.FEATURE_READOUT_ERROR)
    measures = [place for place, row in enumerate(rows) if row.kind == circuit_pb2.Operation.KIND_MEASURE]
    if not all(is_terminal(rows, place) for place in measures):
        found.add(capabilities_pb2.FEATURE_MID_CIRCUIT_MEASUREMENT)
    return found


def modes(capabilities: capabilities_pb2.Capabilities) -> list[Mode]:
    """Return every mode of a backend."""
    return [
        Mode(capability=capability, precision=precision)
        for capability in capabilities.methods
        for precision in capability.precisions
    ]


def method_modes(capabilities: capabilities_pb2.Capabilities) -> list[Mode]:
    """Return one mode for each engine and method, in its first precision."""
    return [Mode(capability=entry, precision=entry.precisions[0]) for entry in capabilities.methods]


def engine_modes(capabilities: capabilities_pb2.Capabilities) -> list[Mode]:
    """Return one mode for each engine, of its first method."""
    return list({mode.capability.engine: mode for mode in reversed(method_modes(capabilities))}.values())


def gate_cases(capabilities: capabilities_pb2.Capabilities) -> list[GateCase]:
    """Return every advertised gate of every mode."""
    return [GateCase(mode=mode, gate=gate) for mode in modes(capabilities) for gate in mode.capability.gates]


def missing(names: Sequence[str]) -> list[str]:
    """Return the gates of the vocabulary that are not in `names`."""
    return sorted(reference.GATE_NAMES - set(names))
