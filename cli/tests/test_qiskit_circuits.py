"""Qiskit circuits in columns; runs where Qiskit is installed."""

import math

import numpy as np
import pytest
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.errors import InvalidArgument, Unimplemented

qiskit = pytest.importorskip("qiskit", reason="needs Qiskit: `just tests` runs it in the environment of that backend")
from proxima_client.columns import ColumnWriter  # noqa: E402
from proxima_client.qiskit_circuits import convert  # noqa: E402
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister  # noqa: E402
from qiskit.circuit import (  # noqa: E402
    AnnotatedOperation,
    ControlModifier,
    InverseModifier,
    Operation,
    Parameter,
    PowerModifier,
)
from qiskit.circuit.classical import expr  # noqa: E402
from qiskit.circuit.library import (  # noqa: E402
    HGate,
    QFTGate,
    RXGate,
    RYGate,
    SwapGate,
    UnitaryGate,
    XGate,
    get_standard_gate_name_mapping,
)
from qiskit.circuit.random import random_circuit  # noqa: E402
from qiskit.quantum_info import Kraus, Operator, SuperOp, random_unitary  # noqa: E402
from qiskit_aer import AerSimulator  # noqa: E402
from qiskit_aer.noise import (  # noqa: E402
    amplitude_damping_error,
    depolarizing_error,
    thermal_relaxation_error,
)

from .classical import angle_rows, conditions, final_record, rows_of  # noqa: E402

_GATES = get_standard_gate_name_mapping()


def rebuild(columns: circuit_pb2.Circuit) -> QuantumCircuit:
    """Return the Qiskit circuit that the columns describe, by Qiskit's own gates."""
    circuit = QuantumCircuit(columns.qubit_count, columns.clbit_count, global_phase=columns.global_phase)
    qubits = iter(np.frombuffer(columns.qubits, "<u4").tolist())
    clbits = iter(np.frombuffer(columns.clbits, "<u4").tolist())
    parameters = iter(np.frombuffer(columns.parameters, "<f8").tolist())
    names = {"rc3x": "rcccx", "c3x": "mcx", "c4x": "mcx"}
    for opcode in np.frombuffer(columns.opcodes, "<u2"):
        operation = columns.operations[opcode]
        operands = [next(qubits) for _ in range(operation.qubit_count)]
        values = [next(parameters) for _ in range(operation.parameter_count)]
        if operation.kind == circuit_pb2.Operation.KIND_MEASURE:
            circuit.measure(operands[0], next(clbits))
        elif operation.kind == circuit_pb2.Operation.KIND_UNITARY:
            side = 2**operation.qubit_count
            circuit.unitary(np.frombuffer(operation.matrix, "<c16").reshape(side, side), operands)
        elif operation.name in ("c3x", "c4x"):
            circuit.mcx(operands[:-1], operands[-1])
        else:
            gate = _GATES.get(names.get(operation.name, operation.name))
            gate_class = qiskit.circuit.library.C3SXGate if operation.name == "c3sx" else type(gate)
            circuit.append(gate_class(*values), operands)
    assert next(qubits, None) is next(clbits, None) is next(parameters, None) is None
    return circuit


@pytest.mark.parametrize("seed", range(8))
def test_random_circuits_are_the_same_operator(seed: int) -> None:
    """Every standard gate of Qiskit's random circuits survives, global phase included."""
    circuit = random_circuit(4, 12, max_operands=4, seed=seed)
    circuit.global_phase = 0.3
    rebuilt = rebuild(convert(circuit))
    assert np.allclose(Operator(rebuilt).data, Operator(circuit).data, atol=1e-12)


def test_angles_are_kept_to_the_last_bit() -> None:
    """No angle is rounded to a multiple of pi or to decimals."""
    angle = math.nextafter(math.pi / 2, 0)
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    assert np.frombuffer(convert(circuit).parameters, "<f8").tolist() == [angle]


def test_library_circuits_and_open_controls_are_unrolled() -> None:
    """A composite gate and a gate controlled on 0 are replaced by their definitions."""
    circuit = QuantumCircuit(4)
    circuit.append(QFTGate(3), [0, 1, 2])
    circuit.append(qiskit.circuit.library.CXGate(ctrl_state=0), [0, 3])
    circuit.unitary(np.array([[0, 1j], [1, 0]]), [1])
    assert np.allclose(Operator(rebuild(convert(circuit))).data, Operator(circuit).data, atol=1e-12)


def test_a_users_gate_called_h_is_not_the_hadamard() -> None:
    """A gate is known by its class, not by its name alone."""
    inner = QuantumCircuit(1, name="h")
    inner.x(0)
    circuit = QuantumCircuit(1)
    circuit.append(inner.to_gate(), [0])
    assert [operation.name for operation in convert(circuit).operations] == ["x"]


def test_registers_and_measurements_keep_their_bits() -> None:
    """Classical bit j of the columns is Qiskit's clbit j; registers carry their names."""
    circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(1, "a"), ClassicalRegister(2, "b"))
    circuit.measure(1, 2)
    columns = convert(circuit)
    assert np.frombuffer(columns.clbits, "<u4").tolist() == [2]
    assert [(r.name, r.start, r.size) for r in columns.clbit_registers] == [("a", 0, 1), ("b", 1, 2)]


def test_an_unbound_parameter_is_named() -> None:
    """The error names the parameter and the remedy."""
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("theta"), 0)
    with pytest.raises(InvalidArgument, match=r"theta.*assign_parameters"):
        convert(circuit)


def test_same_angles_as_openqasm() -> None:
    """The circuit of docs/examples/angles.qasm, built from Qiskit's gates, has its rows to the last bit."""
    circuit = QuantumCircuit(3)
    rows = angle_rows()
    for name, angles, qubits in rows:
        getattr(circuit, name)(*angles, *qubits)
    columns = convert(circuit)
    assert rows_of(columns) == rows
    assert columns.global_phase == 0.0


def test_a_condition_that_is_no_comparison_is_refused_by_name() -> None:
    """What Proxima does not run is named."""
    circuit = QuantumCircuit(1, 2)
    first, second = circuit.clbits
    with circuit.if_test(expr.logic_or(first, second)):
        circuit.x(0)
    with pytest.raises(Unimplemented, match="join comparisons by and") as caught:
        convert(circuit)
    assert caught.value.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE


def test_a_while_loop_is_refused_by_name() -> None:
    """A loop that depends on measurements is named, with what to use."""
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.measure(0, 0)
    with pytest.raises(Unimplemented, match=r"while_loop.*for_loop"):
        convert(circuit)


def test_a_block_that_outlives_its_condition_is_refused() -> None:
    """After a measurement into a bit of its own condition a block may not go on, nor may its else."""
    circuit = QuantumCircuit(1, 1)
    with circuit.if_test((circuit.clbits[0], 0)) as otherwise:
        circuit.measure(0, 0)
    with otherwise:
        circuit.x(0)
    with pytest.raises(Unimplemented, match="own block has measured"):
        convert(circuit)


def test_conditions_become_rows() -> None:
    """Bits, registers, expressions, nesting and else become conjunctions of comparisons."""
    circuit = QuantumCircuit(QuantumRegister(1, "q"), ClassicalRegister(2, "a"), ClassicalRegister(3, "b"))
    a, b = circuit.cregs
    with circuit.if_test((b, 5)) as otherwise:
        circuit.x(0)
    with otherwise:
        circuit.y(0)
    with circuit.if_test((a[1], 0)), circuit.if_test(expr.logic_and(b[2], expr.logic_not(expr.equal(a, 3)))):
        circuit.z(0)
    with circuit.if_test(expr.greater(b, 0)):
        circuit.h(0)
    columns = convert(circuit)
    assert conditions(columns) == {
        0: [(2, 3, 5, 0)],
        1: [(2, 3, 5, 1)],
        2: [(1, 1, 0, 0), (4, 1, 1, 0), (0, 2, 3, 1)],
        3: [(2, 3, 0, 1)],
    }


def test_switch_and_loops_are_unrolled() -> None:
    """A case is a comparison, the default differs from all cases, and a loop's index is a number in its body."""
    circuit = QuantumCircuit(1, 2)
    with circuit.switch(circuit.cregs[0]) as case:
        with case(0, 3):
            circuit.x(0)
        with case(case.DEFAULT):
            circuit.z(0)
    with circuit.for_loop(range(3)) as index:
        circuit.rx(index, 0)
    columns = convert(circuit)
    assert conditions(columns) == {0: [(0, 2, 0, 0)], 1: [(0, 2, 3, 0)], 2: [(0, 2, 0, 1), (0, 2, 3, 1)]}
    assert np.frombuffer(columns.parameters, "<f8").tolist() == [0.0, 1.0, 2.0]


def random_permutation(rng: np.random.Generator, circuit: QuantumCircuit, depth: int) -> None:
    """Append random permutations, measurements, resets and nested control flow."""
    free = list(range(circuit.num_clbits))
    for _ in range(int(rng.integers(2, 6))):
        a, b, c = rng.permutation(circuit.num_qubits)[:3].tolist()
        clbit = int(rng.choice(free))
        match int(rng.integers(0, 8 if depth else 5)):
            case 0:
                circuit.x(a)
            case 1:
                circuit.ccx(a, b, c)
            case 2:
                circuit.swap(a, b)
            case 3:
                circuit.reset(a)
            case 4 if depth == 2:
                circuit.measure(a, clbit)
            case 5:
                with circuit.if_test((circuit.clbits[clbit], int(rng.integers(2)))) as otherwise:
                    random_permutation(rng, circuit, depth - 1)
                with otherwise:
                    random_permutation(rng, circuit, depth - 1)
            case 6:
                with circuit.if_test((circuit.cregs[0], int(rng.integers(8)))):
                    random_permutation(rng, circuit, depth - 1)
            case 7:
                with circuit.switch(circuit.cregs[0]) as case:
                    with case(0, 1, 5):
                        random_permutation(rng, circuit, depth - 1)
                    with case(case.DEFAULT):
                        random_permutation(rng, circuit, depth - 1)
            case _:
                circuit.cx(a, b)


@pytest.mark.parametrize("seed", range(12))
def test_random_control_flow_records_what_aer_records(seed: int) -> None:
    """Random programs of permutations, measurements and nested control flow end in the bits that Aer finds."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(4, 3)
    for _ in range(3):
        random_permutation(rng, circuit, 2)
        circuit.measure(int(rng.integers(4)), int(rng.integers(3)))
    counts = AerSimulator(method="statevector").run(circuit, shots=5).result().get_counts()
    assert counts == {final_record(convert(circuit)): 5}


EXPLICIT = [
    (UnitaryGate(np.array([[0, 1j], [1, 0]])), 1),
    (UnitaryGate(random_unitary(16, seed=3)), 4),
    (XGate().control(2, ctrl_state=1, annotated=False), 3),
    (HGate().control(2, annotated=False), 3),
    (RYGate(0.3).control(3, annotated=False), 4),
    (UnitaryGate(random_unitary(4, seed=4)).control(1, annotated=False), 3),
    (XGate().control(2, ctrl_state=0, annotated=True), 3),
    (AnnotatedOperation(RXGate(0.3), [ControlModifier(1, 0), InverseModifier()]), 2),
    (AnnotatedOperation(SwapGate(), [PowerModifier(0.5)]), 2),
]


@pytest.mark.parametrize(("gate", "count"), EXPLICIT, ids=range(len(EXPLICIT)))
def test_unitaries_and_controlled_gates_are_one_instruction(gate: Operation, count: int) -> None:
    """A matrix, and a standard gate under controls without a name of its own, is one explicit unitary."""
    circuit = QuantumCircuit(count)
    circuit.append(gate, list(reversed(range(count))))
    columns = convert(circuit)
    assert [operation.kind for operation in columns.operations] == [circuit_pb2.Operation.KIND_UNITARY]
    assert np.allclose(Operator(rebuild(columns)).data, Operator(circuit).data, atol=1e-12)


def test_a_composite_gate_under_controls_is_unrolled() -> None:
    """Controls on a gate of the user's own go on the gates of its definition."""
    inner = QuantumCircuit(2, name="mine")
    inner.h(0)
    inner.cx(0, 1)
    inner.global_phase = 0.3
    circuit = QuantumCircuit(3)
    circuit.append(inner.to_gate().control(1, annotated=False), [2, 0, 1])
    columns = convert(circuit)
    assert [operation.name for operation in columns.operations] == ["ch", "ccx", "p"]
    assert np.allclose(Operator(rebuild(columns)).data, Operator(circuit).data, atol=1e-12)


def test_equal_matrices_share_one_operation() -> None:
    """The table holds a matrix once."""
    circuit = QuantumCircuit(2)
    circuit.unitary(np.diag([1, 1j]), [0])
    circuit.unitary(np.diag([1, 1j]), [1])
    assert len(convert(circuit).operations) == 1


def test_a_phase_in_a_branch_is_conditional() -> None:
    """The global phase of a body that may not run is an instruction under its condition."""
    circuit = QuantumCircuit(1, 1)
    body = QuantumCircuit(1, 1, global_phase=0.5)
    circuit.if_test((circuit.clbits[0], 1), body, [0], [0])
    columns = convert(circuit)
    assert columns.global_phase == 0
    assert [operation.name for operation in columns.operations] == ["gphase"]
    assert conditions(columns) == {0: [(0, 1, 1, 0)]}


@pytest.mark.parametrize(
    "channel",
    [
        SuperOp(depolarizing_error(0.1, 1)),
        SuperOp(depolarizing_error(0.2, 2)),
        SuperOp(thermal_relaxation_error(1.0, 1.5, 0.3)),
        SuperOp(amplitude_damping_error(0.2, 0.3)),
    ],
)
def test_channels_keep_their_transfer_matrix(channel: SuperOp) -> None:
    """A Kraus instruction is the same channel in the columns, the first qubit least significant."""
    count = channel.num_qubits
    circuit = QuantumCircuit(count)
    circuit.append(Kraus(channel).to_instruction(), list(range(count)))
    (operation,) = convert(circuit).operations
    assert operation.kind == circuit_pb2.Operation.KIND_CHANNEL
    operators = np.frombuffer(operation.matrix, "<c16").reshape(-1, 2**count, 2**count)
    assert np.allclose(SuperOp(Kraus(list(operators))).data, channel.data, atol=1e-12)


def test_aers_errors_are_taken() -> None:
    """An error of Aer's noise models, as an instruction, is its Kraus operators."""
    circuit = QuantumCircuit(1)
    circuit.append(amplitude_damping_error(0.2).to_instruction(), [0])
    (operation,) = convert(circuit).operations
    operators = np.frombuffer(operation.matrix, "<c16").reshape(-1, 2, 2)
    assert np.allclose(SuperOp(Kraus(list(operators))).data, SuperOp(amplitude_damping_error(0.2)).data)


def test_more_kraus_operators_than_needed_become_few() -> None:
    """A channel by more than 4^k operators is written by as many as it takes."""
    rng = np.random.default_rng(5)
    weights = rng.dirichlet(np.ones(9))
    operators = [np.sqrt(weight) * random_unitary(2, seed=int(weight * 1e6)).data for weight in weights]
    circuit = QuantumCircuit(1)
    circuit.append(Kraus(operators).to_instruction(), [0])
    (operation,) = convert(circuit).operations
    few = np.frombuffer(operation.matrix, "<c16").reshape(-1, 2, 2)
    assert len(few) <= 4
    assert np.allclose(SuperOp(Kraus(list(few))).data, SuperOp(Kraus(operators)).data, atol=1e-12)


def test_too_many_different_matrices_are_refused() -> None:
    """The table of operations is bounded, and the error names the limit."""
    writer = ColumnWriter(qubit_count=1, clbit_count=0)
    for index in range(65_536):
        writer.unitary("mine", np.diag([1, np.exp(1j * index)]), [0])
    with pytest.raises(InvalidArgument, match="65536 different operations"):
        writer.unitary("mine", np.diag([1, 1j]), [0])


def test_a_unitary_on_five_qubits_is_decomposed() -> None:
    """A matrix beyond four qubits is replaced by Qiskit's own decomposition."""
    circuit = QuantumCircuit(5)
    circuit.append(UnitaryGate(random_unitary(32, seed=1)), range(5))
    columns = convert(circuit)
    assert max(operation.qubit_count for operation in columns.operations) <= 4
    assert np.allclose(Operator(rebuild(columns)).data, Operator(circuit).data, atol=1e-9)


def test_delays_are_seconds_and_device_units_are_refused() -> None:
    """A delay in microseconds is converted; one in dt depends on a device and is named."""
    circuit = QuantumCircuit(1)
    circuit.delay(1.5, 0, unit="us")
    assert np.frombuffer(convert(circuit).parameters, "<f8").tolist() == [1.5e-6]
    circuit.delay(10, 0, unit="dt")
    with pytest.raises(Unimplemented, match="'dt'"):
        convert(circuit)
