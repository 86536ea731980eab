"""Noise models and observables of a request: what is refused by field, and what the planner makes of the rest."""

from __future__ import annotations

import math
import struct

import pytest
from proxima.backend.v1 import backend_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import noise_pb2, observable_pb2, result_pb2
from proxima_orchestrator.capabilities import Method
from proxima_orchestrator.catalog import BackendCatalog
from proxima_orchestrator.circuit import strip_idle
from proxima_orchestrator.convert.plan import over_active_qubits, plan_to_message
from proxima_orchestrator.convert.request import Specification, specification_of
from proxima_orchestrator.executions.planner import Planner, PlanningRules, Prepared
from proxima_orchestrator.planning import Candidate, Observable, Plan, ResultRequest
from proxima_orchestrator.qasm.bounded import ParserChildren
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.selection import Weights
from proxima_runtime.errors import InvalidArgument

from .conftest import CircuitOf

GHZ = b'OPENQASM 3.0; include "stdgates.inc"; qubit[4] q; bit[2] c; h q[0]; cx q[0], q[2]; c[0] = measure q[0];'
JOINT, EACH, MOMENT = (
    noise_pb2.NoiseRule.PLACEMENT_JOINT,
    noise_pb2.NoiseRule.PLACEMENT_EACH,
    noise_pb2.NoiseRule.PLACEMENT_MOMENT,
)
WEAK = noise_pb2.Channel(depolarizing=noise_pb2.Depolarizing(probability=0.01))


def request(
    *rules: noise_pb2.NoiseRule,
    readout: tuple[noise_pb2.ReadoutError, ...] = (),
    observables: tuple[observable_pb2.Observable, ...] = (),
) -> executions_pb2.ExecutionSpec:
    """A request for the circuit with noise, or with observables."""
    spec = executions_pb2.ExecutionSpec(
        circuit=executions_pb2.CircuitSource(openqasm=GHZ), results=result_pb2.ResultSpec(observables=observables)
    )
    if rules or readout:
        spec.noise.CopyFrom(noise_pb2.NoiseModel(rules=rules, readout_errors=readout))
    return spec


def specified(spec: executions_pb2.ExecutionSpec) -> Specification:
    """The request, checked."""
    return specification_of(spec, seed=1, backends=())


def kraus(*values: float, qubit_count: int = 1) -> noise_pb2.Channel:
    """A channel from the real and imaginary parts of its operators."""
    return noise_pb2.Channel(
        kraus=noise_pb2.Kraus(qubit_count=qubit_count, operators=struct.pack(f"<{len(values)}d", *values))
    )


IDENTITY = (1, 0, 0, 0, 0, 0, 1, 0)
RELAX = noise_pb2.ThermalRelaxation
FAULTS = [
    (noise_pb2.NoiseRule(channel=WEAK), "rules[0].placement", "JOINT"),
    (noise_pb2.NoiseRule(placement=EACH), "rules[0].channel", "is missing"),
    (noise_pb2.NoiseRule(placement=EACH, channel=WEAK, qubits=[-1]), "rules[0].qubits", "from 0"),
    (noise_pb2.NoiseRule(placement=EACH, channel=WEAK, instructions=[2, 1]), "rules[0].instructions", "ascending"),
    (noise_pb2.NoiseRule(placement=EACH, channel=WEAK, instructions=[-1]), "rules[0].instructions", "ascending"),
    (noise_pb2.NoiseRule(placement=EACH, channel=WEAK, gate_names=[""]), "rules[0].gate_names", "names"),
    (noise_pb2.NoiseRule(placement=MOMENT, channel=WEAK, gate_names=["h"]), "rules[0]", "moments"),
    (noise_pb2.NoiseRule(placement=EACH, channel=WEAK, duration_of_delay=True), "rules[0].duration_of_delay", "delay"),
    (
        noise_pb2.NoiseRule(
            placement=EACH, channel=noise_pb2.Channel(depolarizing=noise_pb2.Depolarizing(probability=1.4))
        ),
        "rules[0].channel.depolarizing",
        "0 to 4^k",
    ),
    (
        noise_pb2.NoiseRule(
            placement=EACH, channel=noise_pb2.Channel(phase_damping=noise_pb2.PhaseDamping(**{"lambda": math.nan}))
        ),
        "rules[0].channel.phase_damping",
        "lambda",
    ),
    (
        noise_pb2.NoiseRule(
            placement=EACH, channel=noise_pb2.Channel(thermal_relaxation=RELAX(t1_seconds=1e-6, t2_seconds=3e-6))
        ),
        "rules[0].channel.thermal_relaxation",
        "over 2 T1",
    ),
    (noise_pb2.NoiseRule(placement=EACH, channel=kraus(*IDENTITY, qubit_count=0)), "kraus.qubit_count", "1 to 4"),
    (noise_pb2.NoiseRule(placement=EACH, channel=kraus(*IDENTITY, qubit_count=2)), "kraus.operators", "4 x 4"),
    (noise_pb2.NoiseRule(placement=EACH, channel=kraus()), "kraus.operators", "0 bytes"),
    (noise_pb2.NoiseRule(placement=EACH, channel=kraus(*IDENTITY[:-2], 0.9, 0)), "kraus.operators", "trace"),
]


@pytest.mark.parametrize(("rule", "field", "named"), FAULTS)
def test_faults_of_a_noise_model_name_their_field(rule: noise_pb2.NoiseRule, field: str, named: str) -> None:
    """What is out of range or contradicts itself is INVALID_REQUEST with the field and the remedy."""
    with pytest.raises(InvalidArgument) as caught:
        specified(request(rule))
    assert caught.value.metadata["field"].endswith(field)
    assert named in caught.value.message


def test_a_model_of_endless_indices_is_refused() -> None:
    """A million indices in all is the limit, over all rules."""
    rule = noise_pb2.NoiseRule(placement=EACH, channel=WEAK, instructions=range(600_000))
    with pytest.raises(InvalidArgument, match="1200000 qubits and instructions"):
        specified(request(rule, rule))


def test_readout_errors_are_checked() -> None:
    """A probability over 1 names its field."""
    with pytest.raises(InvalidArgument, match="zero_given_one"):
        specified(request(readout=(noise_pb2.ReadoutError(zero_given_one=1.1),)))


def test_the_whole_model_arrives() -> None:
    """Every field of the message is in the model, and operators that were off are normalised with a notice."""
    off = kraus(1 + 4e-9, 0, 0, 0, 0, 0, 1, 0)
    rule = noise_pb2.NoiseRule(
        placement=JOINT, channel=off, gate_names=["cx"], qubits=[0, 1], target_qubits=[1], instructions=[0, 4]
    )
    waiting = noise_pb2.NoiseRule(
        placement=EACH,
        channel=noise_pb2.Channel(thermal_relaxation=RELAX(t1_seconds=1, t2_seconds=2)),
        gate_names=["delay"],
        duration_of_delay=True,
    )
    model = specified(request(rule, waiting)).noise
    assert model is not None
    first, second = model.rules
    assert (set(first.gate_names), set(first.qubits), set(first.target_qubits)) == ({"cx"}, {0, 1}, {1})
    assert first.instructions == (0, 4)
    assert first.channel.kraus is not None
    assert abs(first.channel.kraus[0, 0, 0] - 1) < 1e-15
    assert (second.duration_of_delay, second.channel.parameters) == (True, (1.0, 2.0, 0.0, 0.0))
    assert ["normalised" in notice for notice in model.notices] == [True]


async def planned(spec: executions_pb2.ExecutionSpec) -> tuple[Prepared, Plan]:
    """What a planner without backends makes of a request."""
    specification = specified(spec)
    rules = PlanningRules(limits=Limits(), weights=Weights(), safe_fraction=0.8, grace_seconds=30, patience_seconds=0)
    async with ParserChildren() as children:
        catalog = BackendCatalog((), max_message_bytes=2**20, max_in_flight=1)
        planner = Planner(catalog=catalog, children=children, rules=rules, history=dict)
        prepared = await planner.prepare(specification)
        return prepared, await planner.plan(prepared, specification.options)


async def test_a_plan_says_where_noise_attached() -> None:
    """The plan has counts, warnings and the digest without noise; strength and features are those with noise."""
    missing = noise_pb2.NoiseRule(placement=EACH, channel=WEAK, gate_names=["cz"])
    readout = noise_pb2.ReadoutError(one_given_zero=0.1)
    prepared, plan = await planned(
        request(noise_pb2.NoiseRule(placement=JOINT, channel=WEAK), missing, readout=(readout,))
    )
    plain, quiet = await planned(request())
    assert prepared.characteristics.depth == plain.characteristics.depth == 3
    assert prepared.characteristics.instruction_count == plain.characteristics.instruction_count == 3
    message = plan_to_message(plan).noise
    assert (message.noisy_instruction_count, message.instruction_count, message.channel_count) == (2, 2, 2)
    assert (message.noisy_measurement_count, message.measurement_count) == (1, 1)
    assert [item.channel_count for item in message.rules] == [2, 0]
    assert message.noiseless_digest == plain.digest != prepared.digest
    assert not plan_to_message(quiet).HasField("noise")
    assert any("matches 0 instructions" in text for text in plan.warnings)
    assert prepared.characteristics.noise_strength == pytest.approx(0.01 * (3 / 4 + 15 / 16))
    assert {item.label for item in prepared.characteristics.features} == {"channel", "readout_error"}


async def test_a_job_has_observables_over_the_active_qubits_and_the_results_asked() -> None:
    """Observables are serialised once for all candidates, and each job adds the rest of its results to them."""
    wanted = observable_pb2.Observable(name="zz", paulis=["IZIZ"], coefficients=[2.0])
    spec = request(observables=(wanted,))
    spec.results.shots = 7
    specification = specified(spec)
    rules = PlanningRules(limits=Limits(), weights=Weights(), safe_fraction=0.8, grace_seconds=30, patience_seconds=0)
    async with ParserChildren() as children:
        catalog = BackendCatalog((), max_message_bytes=2**20, max_in_flight=1)
        planner = Planner(catalog=catalog, children=children, rules=rules, history=dict)
        prepared = await planner.prepare(specification)
    candidate = Candidate(backend="b", engine="e", method=Method.DENSITY_MATRIX)
    job = backend_pb2.Job.FromString(planner.job(candidate, specification.options, prepared))
    expected = observable_pb2.Observable(name="zz", paulis=["ZZ"], coefficients=[2.0])
    assert job.results == result_pb2.ResultSpec(shots=7, observables=[expected])
    assert job.circuit.qubit_count == 2


async def test_noise_by_moments_wakes_idle_qubits() -> None:
    """Qubits that no gate touches are simulated once noise acts on them."""
    prepared, _ = await planned(request(noise_pb2.NoiseRule(placement=MOMENT, channel=WEAK)))
    plain, _ = await planned(request())
    assert prepared.circuit.active_qubits.tolist() == [0, 1, 2, 3]
    assert plain.circuit.active_qubits.tolist() == [0, 2]


async def test_a_channel_that_does_not_fit_names_the_rule() -> None:
    """What only the circuit can show is refused with the rule and the gate."""
    damping = noise_pb2.Channel(phase_damping=noise_pb2.PhaseDamping(**{"lambda": 0.1}))
    rules = (noise_pb2.NoiseRule(placement=EACH, channel=WEAK), noise_pb2.NoiseRule(placement=JOINT, channel=damping))
    with pytest.raises(InvalidArgument, match="qubits of cx") as caught:
        await planned(request(*rules))
    assert caught.value.metadata["field"] == "spec.noise.rules[1]"


def observable(*terms: str, extends: bool = False) -> Observable:
    """A sum with coefficients 1, 2, ..."""
    return Observable(
        name="sum",
        paulis=terms,
        coefficients=tuple(float(index) for index in range(1, len(terms) + 1)),
        extends_with_identity=extends,
    )


@pytest.mark.parametrize(
    ("given", "paulis", "coefficients"),
    [
        (observable("ZXZI"), ("XI",), (1.0,)),
        (observable("IIII", "ZZZZ", "IIXI"), ("II", "ZZ", "II"), (1.0, 2.0, 0.0)),
        (observable("YIII", "IYIX"), ("II", "YX"), (0.0, 2.0)),
        (observable("X", extends=True), ("IX",), (1.0,)),
        (observable("XZI", "IIX", extends=True), ("XI", "IX"), (1.0, 2.0)),
        (observable("XI", extends=True), ("II",), (0.0,)),
    ],
)
def test_idle_qubits_are_in_the_zero_state(
    circuit_of: CircuitOf, given: Observable, paulis: tuple[str, ...], coefficients: tuple[float, ...]
) -> None:
    """Where qubits 1 and 3 are idle, I and Z there count 1, X and Y make a term 0; short strings act as I above."""
    circuit = strip_idle(circuit_of("qubit[4] q; h q[0]; cx q[0], q[2];"))
    (found,) = over_active_qubits(ResultRequest(observables=(given,)), circuit).observables
    assert (found.paulis, found.coefficients, found.extends_with_identity) == (paulis, coefficients, False)


@pytest.mark.parametrize("given", [observable("ZZ"), observable("ZZZZZ"), observable("ZZZZZ", extends=True)])
def test_strings_of_another_length_are_refused(circuit_of: CircuitOf, given: Observable) -> None:
    """A string needs a letter for each declared qubit; the error has both numbers."""
    circuit = strip_idle(circuit_of("qubit[4] q; h q[0];"))
    with pytest.raises(InvalidArgument, match=r"'sum' has Pauli strings of \d letters, the circuit declares 4 qubits"):
        over_active_qubits(ResultRequest(observables=(given,)), circuit)


def test_observables_over_very_many_qubits_are_bounded(circuit_of: CircuitOf) -> None:
    """Short strings on a million active qubits are counted before they are made long."""
    circuit = circuit_of("qubit[100000] q; h q;")
    with pytest.raises(InvalidArgument, match="letters over the 100000 qubits"):
        over_active_qubits(ResultRequest(observables=(observable(*["Z"] * 1000, extends=True),)), circuit)
