"""Noise models as the contract's messages."""

import struct

from proxima.simulation.v1 import noise_pb2

from proxima_client.noise import (
    AmplitudeDamping,
    Channel,
    Depolarizing,
    Kraus,
    NoiseModel,
    NoiseRule,
    PauliChannel,
    PhaseDamping,
    ThermalRelaxation,
)

__all__ = ["noise_to_message"]


def noise_to_message(model: NoiseModel) -> noise_pb2.NoiseModel:
    """Return the message of a noise model."""
    return noise_pb2.NoiseModel(
        rules=[_rule(rule) for rule in model.rules],
        readout_errors=[
            noise_pb2.ReadoutError(
                qubits=sorted(set(error.qubits)),
                one_given_zero=error.one_given_zero,
                zero_given_one=error.zero_given_one,
            )
            for error in model.readout_errors
        ],
    )


def _rule(rule: NoiseRule) -> noise_pb2.NoiseRule:
    return noise_pb2.NoiseRule(
        gate_names=rule.gates,
        qubits=sorted(set(rule.qubits)),
        placement=f"PLACEMENT_{rule.placed.upper()}",
        channel=_channel(rule.channel),
        target_qubits=sorted(set(rule.targets)),
        instructions=sorted(set(rule.instructions)),
        duration_of_delay=isinstance(rule.channel, ThermalRelaxation) and rule.channel.duration is None,
    )


def _channel(channel: Channel) -> noise_pb2.Channel:
    match channel:
        case Depolarizing():
            return noise_pb2.Channel(depolarizing=noise_pb2.Depolarizing(probability=channel.probability))
        case PauliChannel():
            return noise_pb2.Channel(pauli=noise_pb2.PauliChannel(x=channel.x, y=channel.y, z=channel.z))
        case AmplitudeDamping():
            damping = noise_pb2.AmplitudeDamping(gamma=channel.gamma, excited_population=channel.excited_population)
            return noise_pb2.Channel(amplitude_damping=damping)
        case PhaseDamping():
            return noise_pb2.Channel(phase_damping=noise_pb2.PhaseDamping(**{"lambda": channel.lambda_}))
        case ThermalRelaxation():
            relaxation = noise_pb2.ThermalRelaxation(
                t1_seconds=channel.t1,
                t2_seconds=channel.t2,
                duration_seconds=channel.duration or 0.0,
                excited_population=channel.excited_population,
            )
            return noise_pb2.Channel(thermal_relaxation=relaxation)
        case Kraus():
            entries = [complex(entry) for matrix in channel.operators for row in matrix for entry in row]
            numbers = [part for entry in entries for part in (entry.real, entry.imag)]
            data = struct.pack(f"<{len(numbers)}d", *numbers)
            return noise_pb2.Channel(kraus=noise_pb2.Kraus(qubit_count=channel.qubit_count, operators=data))
