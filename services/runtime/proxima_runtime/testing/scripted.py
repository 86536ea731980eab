"""A real engine that simulates nothing: it does what the gates of the circuit tell it.

It answers with made-up, deterministic arrays, so it must never be taken for a simulator: its name is "scripted" and no
configuration mentions it. Standard gates do nothing. The script gates take their argument as a parameter:

    scripted_sleep          seconds    sleeps (no processor time)
    scripted_busy           seconds    computes
    scripted_progress       seconds    sleeps in ten steps and reports each
    scripted_allocate       MiB        takes memory, touches it, and gives it back at the end
    scripted_leak           MiB        takes memory and keeps it
    scripted_signal         number     sends itself the signal
    scripted_exit           status     exits
    scripted_fail           -          raises an exception of its own
    scripted_error          -          raises a ProximaError, ERROR_REASON_TRANSLATION_MISMATCH
    scripted_deafen         -          ignores SIGTERM from here on
    scripted_large          MiB        the state vector has this size instead of 2^n entries
    scripted_claim          MiB        the estimate claims this much memory
"""

from __future__ import annotations

import os
import signal
import struct
import time
from collections.abc import Iterator, Mapping, Sequence

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, estimate_pb2, result_pb2

from proxima_runtime.backend.engine import ItemResult, ProgressReporter, ResultArray
from proxima_runtime.backend.gates import STANDARD_GATES
from proxima_runtime.errors import Internal

_MIB = 2**20

SCRIPT_GATES = (
    "scripted_sleep",
    "scripted_busy",
    "scripted_progress",
    "scripted_allocate",
    "scripted_leak",
    "scripted_signal",
    "scripted_exit",
    "scripted_fail",
    "scripted_error",
    "scripted_deafen",
    "scripted_large",
    "scripted_claim",
)


def scripted_job(
    *steps: tuple[str, float],
    qubit_count: int = 2,
    shots: int = 0,
    statevector: bool = False,
    probabilities: bool = False,
    seed: int = 1,
) -> backend_pb2.Job:
    """Return a job for the scripted engine.

    Args:
        steps: script gates with their arguments, in order.
        qubit_count: qubits, all declared; each is measured into its own classical bit if shots are asked.
        shots: shots.
        statevector: ask for the state vector.
        probabilities: ask for probabilities; asked anyway if nothing else is.
        seed: seed.
    """
    circuit = circuit_pb2.Circuit(qubit_count=qubit_count, declared_qubit_count=qubit_count)
    rows: list[int] = []
    qubits: list[int] = []
    parameters: list[float] = []
    for name, argument in steps:
        rows.append(len(circuit.operations))
        circuit.operations.add(kind=circuit_pb2.Operation.KIND_GATE, name=name, qubit_count=1, parameter_count=1)
        qubits.append(0)
        parameters.append(argument)
    if shots:
        circuit.clbit_count = qubit_count
        rows += [len(circuit.operations)] * qubit_count
        circuit.operations.add(kind=circuit_pb2.Operation.KIND_MEASURE, qubit_count=1, clbit_count=1)
        qubits += range(qubit_count)
        circuit.clbits = struct.pack(f"<{qubit_count}I", *range(qubit_count))
    circuit.opcodes = struct.pack(f"<{len(rows)}H", *rows)
    circuit.qubits = struct.pack(f"<{len(qubits)}I", *qubits)
    circuit.parameters = struct.pack(f"<{len(parameters)}d", *parameters)
    results = result_pb2.ResultSpec(
        shots=shots, statevector=statevector, probabilities=probabilities or not (shots or statevector)
    )
    return backend_pb2.Job(
        circuit=circuit, results=results, method=capabilities_pb2.METHOD_STATEVECTOR, engine="scripted", seed=seed
    )


class ScriptedEngine:
    """See the module; an `Engine`."""

    name = "scripted"
    version = "0"

    def __init__(self) -> None:
        self._leaked: list[bytearray] = []

    def methods(self) -> Sequence[capabilities_pb2.MethodCapability]:
        """See `Engine`."""
        return [
            capabilities_pb2.MethodCapability(
                method=capabilities_pb2.METHOD_STATEVECTOR,
                engine="scripted",
                engine_version="0",
                precisions=[result_pb2.PRECISION_DOUBLE],
                max_qubit_count=40,
                gates=[*STANDARD_GATES, *SCRIPT_GATES],
                features=[capabilities_pb2.FEATURE_NON_CLIFFORD],
                results=[
                    result_pb2.RESULT_KIND_COUNTS,
                    result_pb2.RESULT_KIND_PROBABILITIES,
                    result_pb2.RESULT_KIND_STATEVECTOR,
                ],
                max_shots=10**9,
                deterministic=True,
                pause_support=capabilities_pb2.PAUSE_SUPPORT_NONE,
            )
        ]

    def unavailable_engines(self) -> Sequence[capabilities_pb2.UnavailableEngine]:
        """Return one that nobody can install."""
        return (
            capabilities_pb2.UnavailableEngine(
                engine="unwritten", reason="nobody has written its script", remedy="use engine scripted"
            ),
        )

    def package_versions(self) -> Mapping[str, str]:
        """See `Engine`."""
        return {}

    def estimate(self, job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
        """See `Engine`: 16 bytes x 2^n where a state or probabilities are asked, plus what scripted_claim says."""
        count = job.circuit.qubit_count
        full = 16 * 2**count if job.results.statevector or job.results.probabilities else 0
        claimed = sum(int(argument * _MIB) for name, argument in script_steps(job) if name == "scripted_claim")
        limit = job.memory_limit_bytes
        return estimate_pb2.ResourceEstimate(
            peak_memory_bytes=full + claimed,
            largest_fitting_qubit_count=max((limit // 16).bit_length() - 1, 0),
            work_units=float(len(job.circuit.opcodes) // 2) * 2.0**count,
            rule="16 bytes x 2^n, and what the script claims",
        )

    def warm_up(self) -> None:
        """See `Engine`; PROXIMA_SCRIPTED_UNFIT in the environment makes it fail."""
        problem = os.environ.get("PROXIMA_SCRIPTED_UNFIT")
        if problem:
            raise ImportError(problem)

    def run(self, job: backend_pb2.Job, report: ProgressReporter) -> Iterator[ItemResult]:
        """See `Engine`."""
        started = time.perf_counter()
        taken: list[bytearray] = []
        large = 0
        for name, argument in script_steps(job):
            if name == "scripted_allocate":
                taken.append(_touched(argument))
            elif name == "scripted_large":
                large = int(argument * _MIB)
            else:
                self.step(name, argument, report)
        arrays = list(_arrays(job, large_bytes=large))
        del taken
        yield ItemResult(
            item_index=0,
            arrays=arrays,
            precision=result_pb2.PRECISION_DOUBLE,
            engine_seconds=time.perf_counter() - started,
            sampler="scripted" if job.results.shots else "",
            warnings=("scripted: these numbers are made up",),
        )

    def step(self, name: str, argument: float, report: ProgressReporter) -> None:
        """Do what one script gate says; those that have to do with the arrays are `run`'s."""
        match name:
            case "scripted_sleep":
                time.sleep(argument)
            case "scripted_busy":
                end = time.monotonic() + argument
                while time.monotonic() < end:
                    pass
            case "scripted_progress":
                for step in range(10):
                    time.sleep(argument / 10)
                    report(done_count=step + 1, total_count=10, unit="operations")
            case "scripted_leak":
                self._leaked.append(_touched(argument))
            case "scripted_signal":
                signal.signal(signal.SIGSEGV, signal.SIG_DFL)
                os.kill(os.getpid(), int(argument))
            case "scripted_exit":
                os._exit(int(argument))
            case "scripted_fail":
                raise LookupError("the script says so")
            case "scripted_error":
                raise Internal("the script says so", reason=errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH)
            case "scripted_deafen":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _touched(mebibytes: float) -> bytearray:
    block = bytearray(int(mebibytes * _MIB))
    block[::4096] = b"x" * len(range(0, len(block), 4096))
    return block


def script_steps(job: backend_pb2.Job) -> Iterator[tuple[str, float]]:
    """Yield the script gates of a job with their arguments, in order."""
    circuit = job.circuit
    opcodes = memoryview(circuit.opcodes).cast("H")
    parameters = memoryview(circuit.parameters).cast("d")
    place = 0
    for code in opcodes:
        operation = circuit.operations[code]
        if operation.name.startswith("scripted_"):
            yield operation.name, parameters[place] if operation.parameter_count else 0.0
        place += operation.parameter_count


def _arrays(job: backend_pb2.Job, *, large_bytes: int) -> Iterator[ResultArray]:
    """Yield made-up arrays of the right form: everything in the state 0."""
    circuit, results = job.circuit, job.results
    qubits = tuple(circuit.active_qubits) or tuple(range(circuit.qubit_count))
    if results.shots:
        width = -(-circuit.clbit_count // 8)
        yield ResultArray(
            role=result_pb2.ARRAY_ROLE_COUNT_OUTCOMES,
            data_type=result_pb2.DATA_TYPE_UINT8,
            shape=(1, width),
            data=bytes(width),
        )
        yield ResultArray(
            role=result_pb2.ARRAY_ROLE_COUNT_VALUES,
            data_type=result_pb2.DATA_TYPE_UINT64,
            shape=(1,),
            data=struct.pack("<Q", results.shots),
        )
    if results.probabilities:
        bits = len(set(memoryview(circuit.clbits).cast("I"))) if circuit.clbits else len(qubits)
        yield ResultArray(
            role=result_pb2.ARRAY_ROLE_PROBABILITIES,
            data_type=result_pb2.DATA_TYPE_FLOAT64,
            shape=(2**bits,),
            data=struct.pack("<d", 1.0) + bytes(8 * (2**bits - 1)),
            bit_space=result_pb2.BIT_SPACE_CLBITS if circuit.clbits else result_pb2.BIT_SPACE_QUBITS,
            axis_bits=tuple(sorted(set(memoryview(circuit.clbits).cast("I")))) if circuit.clbits else qubits,
        )
    if results.statevector:
        size = large_bytes or 16 * 2 ** len(qubits)
        # Every eight bytes hold their own index, so that a piece in the wrong place shows.
        data = bytearray(size)
        view = memoryview(data).cast("Q")
        block = struct.pack("<8192Q", *range(8192)) if size >= 65536 else b""
        if block:
            _number(data, block)
        else:
            view[0] = struct.unpack("<Q", struct.pack("<d", 1.0))[0]
        yield ResultArray(
            role=result_pb2.ARRAY_ROLE_STATEVECTOR,
            data_type=result_pb2.DATA_TYPE_COMPLEX128,
            shape=(size // 16,),
            data=data,
            bit_space=result_pb2.BIT_SPACE_QUBITS,
            axis_bits=qubits,
        )


def _number(data: bytearray, block: bytes) -> None:
    """Fill with blocks, each of which begins with its own number."""
    for number, start in enumerate(range(0, len(data) - len(block) + 1, len(block))):
        data[start : start + len(block)] = block
        struct.pack_into("<Q", data, start, number)
