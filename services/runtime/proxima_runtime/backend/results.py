"""Results on their way out: headers and memfds in the worker, chunk messages in the service."""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Iterator
from pickle import PickleBuffer

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, result_pb2

from proxima_runtime.backend.engine import Engine, ItemResult, ResultArray
from proxima_runtime.backend.process_memory import read_resident_bytes
from proxima_runtime.errors import Internal

# Arrays up to this travel inside the header (the contract's limit).
INLINE_BYTES = 65_536
# One chunk message carries this much.
CHUNK_BYTES = 2**20

_WRITE_BYTES = 2**28

_ELEMENT_BYTES = {
    result_pb2.DATA_TYPE_UINT8: 1,
    result_pb2.DATA_TYPE_UINT64: 8,
    result_pb2.DATA_TYPE_FLOAT64: 8,
    result_pb2.DATA_TYPE_COMPLEX64: 8,
    result_pb2.DATA_TYPE_COMPLEX128: 16,
}


# Unit roundoff of float32; single precision that may have moved probabilities by more than the second is noted.
_SINGLE_ROUNDOFF = 2.0**-24
_NOTED_ERROR = 1e-4


class ProducerIndex:
    """Who computes what, read from the engine once."""

    def __init__(self, engine: Engine) -> None:
        self._producers: dict[tuple[int, str], result_pb2.Producer] = {}
        versions = dict(engine.package_versions())
        for entry in engine.methods():
            name = capabilities_pb2.Method.Name(entry.method).removeprefix("METHOD_").lower()
            self._producers[entry.method, entry.engine] = result_pb2.Producer(
                backend=engine.name,
                backend_version=engine.version,
                engine=entry.engine,
                engine_version=entry.engine_version,
                method=name,
                package_versions=versions,
            )

    def find(self, job: backend_pb2.Job) -> result_pb2.Producer:
        """Return the producer of a job's results, without the precision."""
        producer = result_pb2.Producer()
        producer.CopyFrom(self._producers[job.method, job.engine])
        producer.seed = job.seed
        producer.thread_count = job.thread_count
        return producer


class ResultWriter:
    """Turns the items of one job into header messages, large arrays into memfds.

    Attributes:
        file_bytes: bytes in memfds so far.
        item_count: items so far.
        engine_seconds: time in the simulator so far, seconds.
    """

    def __init__(
        self, *, job: backend_pb2.Job, producer: result_pb2.Producer, limit_bytes: int, idle_bytes: int
    ) -> None:
        self._job = job
        self._producer = producer
        self._limit_bytes = limit_bytes
        self._idle_bytes = idle_bytes
        self.file_bytes = 0
        self.item_count = 0
        self.engine_seconds = 0.0

    def write(self, item: ItemResult) -> tuple[bytes, int]:
        """Return the ExecuteResponse with the header of an item, and the descriptor of a memfd that holds the arrays
        which are not inline, one after the other, or -1. The caller owns the descriptor.

        Raises:
            MemoryError: the arrays do not fit the job's memory a second time.
            ProximaError: ERROR_REASON_ENGINE_FAILED, an array is not what its description says.
        """
        self.item_count += 1
        self.engine_seconds += item.engine_seconds
        circuit = self._job.circuit
        producer = result_pb2.Producer()
        producer.CopyFrom(self._producer)
        producer.precision = item.precision
        producer.sampler = item.sampler
        header = result_pb2.ResultHeader(
            item_index=item.item_index,
            producer=producer,
            bit_order=result_pb2.BIT_ORDER_LITTLE_ENDIAN,
            declared_qubit_count=circuit.declared_qubit_count,
            clbit_count=circuit.clbit_count,
            active_qubits=circuit.active_qubits or range(circuit.qubit_count),
            # Shots for expectation values alone, of a circuit that measures nothing, are behind no counts.
            shots=self._job.results.shots if circuit.clbits else 0,
            expectation_values=item.expectation_values,
            certified_error=item.certified_error,
            readout_included=item.readout_included,
            warnings=[*item.warnings, *_rounding_notes(item.precision, circuit)],
            rank_history=item.rank_history,
        )
        file = -1
        for array in item.arrays:
            data = PickleBuffer(array.data).raw()
            descriptor = _describe(array, size=data.nbytes, engine=self._job.engine)
            if data.nbytes <= INLINE_BYTES:
                descriptor.inline_data = bytes(data)
            else:
                if file < 0:
                    file = os.memfd_create("result", os.MFD_CLOEXEC)
                self._copy(data, file)
            header.arrays.append(descriptor)
        return backend_pb2.ExecuteResponse(result_header=header).SerializeToString(), file

    def _copy(self, data: memoryview, file: int) -> None:
        # A memfd is memory that no address-space limit sees.
        self.file_bytes += data.nbytes
        if read_resident_bytes() - self._idle_bytes + self.file_bytes > self._limit_bytes:
            os.close(file)
            raise MemoryError(f"{data.nbytes} bytes of result do not fit the memory limit a second time")
        position = 0
        try:
            while position < data.nbytes:
                position += os.write(file, data[position : position + _WRITE_BYTES])
        except OSError as error:
            os.close(file)
            raise MemoryError(f"no memory for {data.nbytes} bytes of result") from error


def _rounding_notes(precision: result_pb2.Precision, circuit: circuit_pb2.Circuit) -> Iterator[str]:
    """Say what single precision may have cost: a roundoff an instruction, ten times what 31,000 gates of qsim show."""
    count = len(circuit.opcodes) // 2
    error = count * _SINGLE_ROUNDOFF
    if precision == result_pb2.PRECISION_SINGLE and error > _NOTED_ERROR:
        yield (
            f"in single precision, rounding over {count} instructions may move probabilities by about {error:.0e} at "
            "most in all; --precision double avoids it"
        )


def _describe(array: ResultArray, *, size: int, engine: str) -> result_pb2.ArrayDescriptor:
    expected = math.prod(array.shape) * _ELEMENT_BYTES.get(array.data_type, 0)
    if size != expected:
        name = result_pb2.ArrayRole.Name(array.role)
        raise Internal(
            f"engine {engine} returned {size} bytes for {name} of shape {array.shape}, which has {expected}",
            reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
            metadata={"engine": engine, "message": f"{name} has {size} bytes, expected {expected}"},
        )
    return result_pb2.ArrayDescriptor(
        role=array.role,
        data_type=array.data_type,
        shape=array.shape,
        size_bytes=size,
        bit_space=array.bit_space,
        axis_bits=array.axis_bits,
    )


class StoredItem:
    """One item's result in the service: the header message as the worker sent it, and its memfd.

    Attributes:
        header: serialised ExecuteResponse.
        file_bytes: bytes in the memfd, 0 where there is none.
    """

    def __init__(self, *, header: bytes, file: int) -> None:
        self.header = header
        self.file_bytes = os.fstat(file).st_size if file >= 0 else 0
        self._map: mmap.mmap | None = None
        if file >= 0:
            try:
                self._map = mmap.mmap(file, self.file_bytes, mmap.MAP_SHARED, mmap.PROT_READ)
            finally:
                os.close(file)

    def messages(self) -> Iterator[bytes]:
        """Yield the serialised ExecuteResponses of the item: the header, then the chunks."""
        yield self.header
        if self._map is None:
            return
        header = backend_pb2.ExecuteResponse.FromString(self.header).result_header
        start = 0
        with memoryview(self._map) as view:
            for index, array in enumerate(header.arrays):
                if array.inline_data or not array.size_bytes:
                    continue
                for offset in range(0, array.size_bytes, CHUNK_BYTES):
                    size = min(CHUNK_BYTES, array.size_bytes - offset)
                    prefix = chunk_prefix(item_index=header.item_index, array_index=index, offset=offset, size=size)
                    yield b"".join((prefix, view[start + offset : start + offset + size]))
                start += array.size_bytes

    def close(self) -> None:
        """Give the memory back, once no stream reads it any more."""
        self._map = None


def chunk_prefix(*, item_index: int, array_index: int, offset: int, size: int) -> bytes:
    """Return the bytes before `data` of a serialised ExecuteResponse with a result_chunk: written by hand, because the
    protobuf library would copy the data three times.
    """
    fields = b"".join(
        tag + _varint(value)
        for tag, value in ((b"\x08", item_index), (b"\x10", array_index), (b"\x18", offset))
        if value
    )
    inner = fields + b"\x22" + _varint(size)
    return b"\x2a" + _varint(len(inner) + size) + inner


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
