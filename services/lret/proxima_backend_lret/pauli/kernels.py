"""Runs moves on blocks of entries: every step of the exact engine, many in one call.

What costs time is a small matrix on all tiles of a block: the entries at some digits of two qubits, next to each other
in lanes of one vector register, the others fixed. A tile is read into registers, every row of the matrix is summed
there, and the tile is written back, so a block is read and written once. `reference.py` says the same plainly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from llvmlite import ir

from proxima_backend_lret.jit import Emission, emitted, kernel
from proxima_backend_lret.pauli.layout import (
    CLOSE,
    FIRST_WIRE,
    FIXED,
    HOME,
    HOME_BITS,
    KIND,
    MASK,
    OTHER,
    OTHER_BITS,
    OUTER,
    REST,
    TASK,
    WIRES,
)

Float = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]

LANE_BYTES = 64
"""Bytes of one vector."""

SPLIT = 3
"""Kind of a move: a map of two qubits whose matrix splits into blocks (see SPLIT_COLUMNS)."""

SPLIT_COLUMNS: tuple[tuple[int, ...], ...] = ((0,), (1, 2, 3), (4, 8, 12), (5, 6, 7, 9, 10, 11, 13, 14, 15))
"""Columns of the blocks of a matrix that keeps I, local terms of each qubit and joint terms apart."""

_SMALL, _WIDE = 4, 16
# Enough for the lanes, and for places that can be exchanged with all of the lanes'.
_LEAST_TO_EXCHANGE = 1 << 12
_SIGNED = ir.IntType(64)


def _vector_of(pointer: ir.Value) -> ir.VectorType:
    entry = pointer.type.pointee
    return ir.VectorType(entry, LANE_BYTES // (8 if isinstance(entry, ir.DoubleType) else 4))


def _lane_pointer(
    builder: ir.IRBuilder, pointer: ir.Value, start: ir.Value, places: ir.Value, place: ir.Value
) -> ir.Value:
    """Return the address of the lanes at entry start + places[place]."""
    shift = builder.load(builder.gep(places, [place]))
    address = builder.gep(pointer, [builder.add(start, shift)])
    return builder.bitcast(address, _vector_of(pointer).as_pointer())


def _load(builder: ir.IRBuilder, pointer: ir.Value) -> ir.Value:
    found = builder.load(pointer)
    found.align = 4
    return found


def _sum(builder: ir.IRBuilder, matrix: ir.Value, first: ir.Value, lanes: Sequence[ir.Value]) -> ir.Value:
    """Return the sum of matrix[first + j] lanes[j]."""
    kind = lanes[0].type
    undefined, total = ir.Constant(kind, ir.Undefined), None
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    for place, value in enumerate(lanes):
        factor = builder.load(builder.gep(matrix, [builder.add(first, _SIGNED(place))]))
        spread = builder.insert_element(undefined, factor, ir.IntType(32)(0))
        spread = builder.shuffle_vector(spread, undefined, everywhere)
        product = builder.fmul(spread, value, flags=("contract",))
        total = product if total is None else builder.fadd(total, product, flags=("contract",))
    return total


def _emit_rows(column_count: int) -> Emission:
    def emit(builder: ir.IRBuilder, pointers: Sequence[ir.Value], numbers: Sequence[ir.Value]) -> None:
        """target[to + targets[r] + lane] = sum over c of matrix[r, c] source[from + sources[c] + lane], all rows r."""
        source, sources, target, targets, matrix = pointers
        start, end, row_count = numbers
        lanes = [
            _load(builder, _lane_pointer(builder, source, start, sources, _SIGNED(column)))
            for column in range(column_count)
        ]
        before, body = builder.block, builder.append_basic_block("row")
        after = builder.append_basic_block("rows.done")
        builder.branch(body)
        builder.position_at_end(body)
        row = builder.phi(_SIGNED)
        row.add_incoming(_SIGNED(0), before)
        found = _sum(builder, matrix, builder.mul(row, _SIGNED(column_count)), lanes)
        builder.store(found, _lane_pointer(builder, target, end, targets, row)).align = 4
        following = builder.add(row, _SIGNED(1))
        row.add_incoming(following, body)
        builder.cbranch(builder.icmp_signed("<", following, row_count), body, after)
        builder.position_at_end(after)

    return emit


def _emit_split(builder: ir.IRBuilder, pointers: Sequence[ir.Value], numbers: Sequence[ir.Value]) -> None:
    """As the rows of 16 columns; rows and columns are in the order of the blocks of 1, 3, 3 and 9, which are dense."""
    source, sources, target, targets, matrix = pointers
    start, end, _ = numbers
    lanes = [_load(builder, _lane_pointer(builder, source, start, sources, _SIGNED(column))) for column in range(16)]
    row = entry = 0
    for columns in SPLIT_COLUMNS:
        block = lanes[row : row + len(columns)]
        for _ in columns:
            found = _sum(builder, matrix, _SIGNED(entry), block)
            builder.store(found, _lane_pointer(builder, target, end, targets, _SIGNED(row))).align = 4
            row, entry = row + 1, entry + len(columns)


def _exchange(builder: ir.IRBuilder, lanes: Sequence[ir.Value], bit: int) -> list[ir.Value]:
    """Return 16 vectors with bit `bit` of the number of a lane and of its vector exchanged."""
    kind = lanes[0].type
    step = 1 << bit
    numbers = ir.VectorType(ir.IntType(32), kind.count)
    low = ir.Constant(numbers, [kind.count + (lane ^ step) if lane & step else lane for lane in range(kind.count)])
    high = ir.Constant(numbers, [kind.count + lane if lane & step else lane | step for lane in range(kind.count)])
    found = list(lanes)
    for place in range(len(lanes)):
        if not place & step:
            first, second = lanes[place], lanes[place | step]
            found[place] = builder.shuffle_vector(first, second, low)
            found[place | step] = builder.shuffle_vector(first, second, high)
    return found


def _exchange_some(builder: ir.IRBuilder, lanes: Sequence[ir.Value], bits: ir.Value) -> list[ir.Value]:
    """Return 16 vectors with those bits of lanes and vectors exchanged that are ones in `bits`."""
    found = list(lanes)
    for bit in range(lanes[0].type.count.bit_length() - 1):
        wanted = builder.trunc(builder.lshr(bits, _SIGNED(bit)), ir.IntType(1))
        before, body = builder.block, builder.append_basic_block("exchange")
        after = builder.append_basic_block("exchanged")
        builder.cbranch(wanted, body, after)
        builder.position_at_end(body)
        exchanged = _exchange(builder, found, bit)
        builder.branch(after)
        builder.position_at_end(after)
        merged = []
        for kept, moved in zip(found, exchanged, strict=True):
            value = builder.phi(kept.type)
            value.add_incoming(kept, before)
            value.add_incoming(moved, body)
            merged.append(value)
        found = merged
    return found


def _emit_exchanged(builder: ir.IRBuilder, pointers: Sequence[ir.Value], numbers: Sequence[ir.Value]) -> None:
    """As the rows of 16 columns and as many rows, some places of which are lanes at first and when all is done."""
    entries, places, matrix = pointers
    start, bits = numbers
    addresses = [_lane_pointer(builder, entries, start, places, _SIGNED(column)) for column in range(16)]
    lanes = _exchange_some(builder, [_load(builder, address) for address in addresses], bits)
    sums = [_sum(builder, matrix, _SIGNED(16 * row), lanes) for row in range(16)]
    for address, value in zip(addresses, _exchange_some(builder, sums, bits), strict=True):
        builder.store(value, address).align = 4


_map_small = emitted(_emit_rows(_SMALL))
_map_wide = emitted(_emit_rows(_WIDE))
_map_split = emitted(_emit_split)
_map_exchanged = emitted(_emit_exchanged)

_MULTIPLY = "void({0}[::1], int64, int64, int64, int64)"
_CLOSE = "void({0}[::1], int64, int64)"
_TILES = "void({0}[::1], int64, int64[::1], {0}[::1], int64, int64[::1], {0}[::1], int64, int64, int64, int64)"
_EXCHANGED = "void({0}[::1], int64, int64[::1], {0}[::1], int64, int64)"
_GATHERED = (
    "void({0}[::1], int64, int64[::1], int64[::1], {0}[::1], int64, int64, int64, int64, {0}[::1], {0}[::1], "
    "int64[::1])"
)
_RUN = (
    "void({0}[::1], int64[:, ::1], int64, int64, {0}[::1], int64[::1], int64[::1], "
    "{0}[::1], {0}[::1], {0}[::1], int64[::1], int64[::1])"
)
_SINGLE, _DOUBLE = "float32", "float64"


@kernel(_MULTIPLY.format(_DOUBLE), _MULTIPLY.format(_SINGLE))
def multiply(entries: Float, home: int, bits: int, other: int, other_bits: int) -> None:
    """Multiply the block of 2^bits entries at `home` by each entry of that at `other`, one block after the other."""
    size = 1 << bits
    for place in range((1 << other_bits) - 1, -1, -1):
        factor = entries[other + place]
        for entry in range(size):
            entries[home + place * size + entry] = factor * entries[home + entry]


@kernel(_CLOSE.format(_DOUBLE), _CLOSE.format(_SINGLE))
def close(entries: Float, home: int, mask: int) -> None:
    """Move the entries of the block at `home` whose indices have ones in `mask` only to its start, in their order."""
    # Lengths that moves have in common: up to 2^6 entries that are listed, or more side by side.
    length = (mask + 1) & ~mask
    low = mask & 63
    shifts = np.empty(64, dtype=np.int64)
    count = 0
    if length < 64:
        at = 0
        while True:
            shifts[count] = at
            count += 1
            at = (at - low) & low
            if at == 0:
                break
        higher = mask & ~63
    else:
        higher = mask & ~(length - 1)
    at = to = 0
    while True:
        if count:
            for entry in range(count):
                entries[home + to + entry] = entries[home + at + shifts[entry]]
            to += count
        else:
            if at != to:
                for entry in range(length):
                    entries[home + to + entry] = entries[home + at + entry]
            to += length
        at = (at - higher) & higher
        if at == 0:
            break


@kernel(_TILES.format(_DOUBLE), _TILES.format(_SINGLE))
def map_tiles(  # noqa: PLR0917 - kernels have no keyword-only arguments
    source: Float,
    start: int,
    sources: Integers,
    target: Float,
    end: int,
    targets: Integers,
    matrix: Float,
    rows: int,
    form: int,
    mask: int,
    count: int,
) -> None:
    """Map `count` tiles, whose addresses run through the numbers that have ones in `mask` only.

    Args:
        source: entries.
        start: address of the first tile.
        sources: address of each column in a tile.
        target, end, targets: the same of the rows.
        matrix: row by row.
        rows: how many there are.
        form: columns, 4 or 16; 0 for a matrix written in blocks.
        mask: places of the index of a tile.
        count: tiles.
    """
    place = 0
    for _ in range(count):
        if form == 0:
            _map_split((source, sources, target, targets, matrix), (start + place, end + place, rows))
        elif form == _WIDE:
            _map_wide((source, sources, target, targets, matrix), (start + place, end + place, rows))
        else:
            _map_small((source, sources, target, targets, matrix), (start + place, end + place, rows))
        place = (place - mask) & mask


@kernel(_EXCHANGED.format(_DOUBLE), _EXCHANGED.format(_SINGLE))
def map_exchanged(  # noqa: PLR0917 - as above
    entries: Float, home: int, sources: Integers, matrix: Float, exchanged: int, mask: int
) -> None:
    """Map tiles on 4 places, some of which are places of the lanes.

    Args:
        entries, home: the block.
        sources: address of each of the 16 vectors of a tile.
        matrix: 16 rows and columns, in the order of the vectors once the places are exchanged.
        exchanged: the places of the lanes that it acts on; the same bit of the number of a vector stands for another
            place of the index until they are exchanged.
        mask: places of the index of a tile.
    """
    place = 0
    while True:
        _map_exchanged((entries, sources, matrix), (home + place, exchanged))
        place = (place - mask) & mask
        if place == 0:
            break


@kernel(_GATHERED.format(_DOUBLE), _GATHERED.format(_SINGLE))
def map_gathered(  # noqa: PLR0912, PLR0917 - as above; one loop over tiles
    entries: Float,
    home: int,
    sources: Integers,
    targets: Integers,
    matrix: Float,
    rows: int,
    columns: int,
    form: int,
    free: int,
    tile: Float,
    mapped: Float,
    room: Integers,
) -> None:
    """Map tiles whose lanes are apart: the lowest of the `free` places are gathered before and scattered after.

    Args:
        entries, home: the block.
        sources, targets, matrix, rows, form: as of `map_tiles`, but `form` may be more than 16 columns.
        columns: columns in all, with those that are padding.
        free: places of the index that the map does not act on.
        tile, mapped: room for a tile and what it is mapped to.
        room: room for as many addresses as there are rows or columns, and a tile's lanes.
    """
    lanes = 64 // entries.itemsize
    width, low, left = 1, 0, free
    while left and width < lanes:
        low |= left & -left
        left &= left - 1
        width *= 2
    shifts, packed = room[:lanes], room[lanes:]
    lane = 0
    for entry in range(width):
        shifts[entry] = lane
        lane = (lane - low) & low
    for place in range(max(rows, columns)):
        packed[place] = place * lanes
    place = home
    while True:
        for column in range(columns):
            at, to = place + sources[column], column * lanes
            for entry in range(width):
                tile[to + entry] = entries[at + shifts[entry]]
        if form <= _WIDE:
            map_tiles(tile, 0, packed, mapped, 0, packed, matrix, rows, form, 0, 1)
        else:
            for row in range(rows):
                for entry in range(lanes):
                    mapped[row * lanes + entry] = 0
                for column in range(columns):
                    factor = matrix[row * form + column]
                    for entry in range(lanes):
                        mapped[row * lanes + entry] += factor * tile[column * lanes + entry]
        for row in range(rows):
            at, to = place + targets[row], row * lanes
            for entry in range(width):
                entries[at + shifts[entry]] = mapped[to + entry]
        place = home + ((place - home - left) & left)
        if place == home:
            break


@kernel(_RUN.format(_DOUBLE), _RUN.format(_SINGLE))
def run_moves(  # noqa: PLR0912, PLR0915, PLR0917 - as above; a move after the other
    entries: Float,
    moves: Integers,
    first: int,
    last: int,
    matrices: Float,
    bases: Integers,
    orders: Integers,
    tile: Float,
    mapped: Float,
    matrix: Float,
    sources: Integers,
    targets: Integers,
) -> None:
    """Run moves[first:last] in place.

    Args:
        entries: all blocks.
        moves: as `layout.py` describes, but HOME and OTHER are addresses in `entries`, TASK is the address of the
            matrix in `matrices`, and of a map that takes nothing in MASK is an address in `bases` of REST addresses
            that it is to be done at. Of a SPLIT move OTHER_BITS is an address in `orders`.
        first, last: moves.
        matrices: matrices, row by row, one after the other.
        bases: addresses of the values of the controls for which a map acts.
        orders: rows of SPLIT matrices, then columns, in the order of their blocks.
        tile, mapped, matrix, sources, targets: room for a tile, what it is mapped to, a matrix and one of 16 rows and
            columns, four times as many addresses as it has rows or columns and 16 more, and as many as it has rows.
    """
    lanes = 64 // entries.itemsize
    for index in range(first, last):
        kind, home, bits = moves[index, KIND], moves[index, HOME], moves[index, HOME_BITS]
        other, address = moves[index, OTHER], moves[index, TASK]
        if kind == OUTER:
            multiply(entries, home, bits, other, moves[index, OTHER_BITS])
            continue
        if kind == CLOSE:
            close(entries, home, moves[index, MASK])
            continue

        # Addresses of the rows and columns; the first wire is the least significant digit of their indices. Behind
        # those of the columns stand, `room` apart, where they are in the matrix, and both for what is taken in.
        room = len(sources) // 4
        inner, outer, outer_places = sources[room:], sources[2 * room :], sources[3 * room :]
        rows = columns = inside = outside = 1
        taken = 0
        stays = other < 0
        sources[0] = inner[0] = outer[0] = outer_places[0] = targets[0] = 0
        for wire in range(moves[index, WIRES]):
            at, to = moves[index, FIRST_WIRE + 4 * wire], moves[index, FIRST_WIRE + 4 * wire + 2]
            stays = stays and to == at
            before = 1 << moves[index, FIRST_WIRE + 4 * wire + 1]
            after = 1 << moves[index, FIRST_WIRE + 4 * wire + 3]
            if at < bits:
                for digit in range(1, before):
                    for column in range(inside):
                        sources[digit * inside + column] = sources[column] + (digit << at)
                        inner[digit * inside + column] = inner[column] + digit * columns
                inside *= before
                taken |= (before - 1) << at
            else:
                for digit in range(1, before):
                    for column in range(outside):
                        outer[digit * outside + column] = outer[column] + (digit << (at - bits))
                        outer_places[digit * outside + column] = outer_places[column] + digit * columns
                outside *= before
            for digit in range(1, after):
                for row in range(rows):
                    targets[digit * rows + row] = targets[row] + (digit << to)
            rows *= after
            columns *= before

        free = ((1 << bits) - 1) & ~taken & ~moves[index, FIXED]
        spare = free & ~(lanes - 1)
        exchanged = taken & (lanes - 1)
        fits = 1 << bits >= _LEAST_TO_EXCHANGE and moves[index, FIXED] & (lanes - 1) == 0
        base_count = moves[index, REST] if other < 0 else 0
        if exchanged and stays and fits and inside == _WIDE:
            # The place of each bit of the number of a vector, and of the number of its row or column in the matrix.
            used = 0
            for bit in range(4):
                if (exchanged >> bit) & 1:
                    for column_bit in range(4):
                        if sources[1 << column_bit] == 1 << bit:
                            outer[bit] = 1 << column_bit
                            used |= 1 << column_bit
                    inner[bit] = spare & -spare
                    spare &= spare - 1
            for bit in range(4):
                if (exchanged >> bit) & 1 == 0:
                    column_bit = ~used & (used + 1)
                    used |= column_bit
                    inner[bit], outer[bit] = sources[column_bit], column_bit
            square = matrix[len(matrix) - _WIDE * _WIDE :]
            dense = matrix[: _WIDE * _WIDE]
            dense[:] = 0
            if kind == SPLIT:
                order, entry, start = moves[index, OTHER_BITS], address, 0
                for size in (1, 3, 3, 9):
                    for row in range(start, start + size):
                        for column in range(start, start + size):
                            dense[_WIDE * orders[order + row] + orders[order + 16 + column]] = matrices[entry]
                            entry += 1
                    start += size
            else:
                for row in range(rows):
                    for slot in range(_WIDE):
                        if sources[slot] == targets[row]:
                            for column in range(_WIDE):
                                dense[_WIDE * slot + column] = matrices[address + row * _WIDE + column]
            for row in range(_WIDE):
                at = to = 0
                for bit in range(4):
                    if (row >> bit) & 1:
                        at, to = at + inner[bit], to | outer[bit]
                inner[4 + row], outer[4 + row] = at, to
            for row in range(_WIDE):
                for column in range(_WIDE):
                    square[row * _WIDE + column] = dense[_WIDE * outer[4 + row] + outer[4 + column]]
            for which in range(max(base_count, 1)):
                base = home
                if base_count:
                    base += bases[moves[index, MASK] + which]
                map_exchanged(entries, base, inner[4:], square, exchanged, spare)
            continue

        # The matrix, with columns of zeros up to a number that there is code for.
        form = _SMALL if inside <= _SMALL else _WIDE if inside <= _WIDE else inside
        if kind == SPLIT:
            form = 0
            for entry in range(100):
                matrix[entry] = matrices[address + entry]
            order = moves[index, OTHER_BITS]
            for place in range(16):
                inner[place], outer[place] = targets[orders[order + place]], sources[orders[order + 16 + place]]
            for place in range(16):
                targets[place], sources[place] = inner[place], outer[place]
        elif other < 0:
            for row in range(rows):
                for column in range(inside):
                    matrix[row * form + column] = matrices[address + row * columns + column]
                for column in range(inside, form):
                    matrix[row * form + column] = 0
        else:
            # What is taken in is multiplied into the matrix: rows for every value of its other wires.
            rest, going = moves[index, MASK], moves[index, REST]
            at = to = value = 0
            while True:
                for row in range(rows):
                    targets[value * rows + row] = targets[row] + to
                    for column in range(form):
                        total = entries[home] * 0
                        if column < inside:
                            first_entry = address + row * columns + inner[column]
                            for digit in range(outside):
                                total += (
                                    matrices[first_entry + outer_places[digit]] * entries[other + at + outer[digit]]
                                )
                        matrix[(value * rows + row) * form + column] = total
                value += 1
                at, to = (at - rest) & rest, (to - going) & going
                if at == 0:
                    break
            rows *= value
        for column in range(inside, form):
            sources[column] = sources[0]

        mask = free & ~(lanes - 1)
        count, left = 1, mask
        while left:
            count, left = 2 * count, left & (left - 1)
        for which in range(max(base_count, 1)):
            base = home
            if base_count:
                base += bases[moves[index, MASK] + which]
            if free & (lanes - 1) == lanes - 1 and form <= _WIDE:
                map_tiles(entries, base, sources, entries, base, targets, matrix, rows, form, mask, count)
            else:
                map_gathered(
                    entries, base, sources, targets, matrix, rows, form or _WIDE, form, free, tile, mapped, inner
                )


@kernel("void(float64[::1], int64[::1], float64[:, ::1])", "void(float32[::1], int64[::1], float32[:, ::1])")
def fill_density(entries: Float, low: Integers, matrix: Float) -> None:
    """Write the density matrix of a vector of Pauli coefficients.

    Row i has its entry at column i xor a: 2^-n sum over z of v(a, z) (-i)^|a & z| (-1)^|i & z|, where the digit of a
    qubit in (a, z) is I, Z, X, Y for 00, 01, 10, 11.

    Args:
        entries: 4^n of them, two places of the index a qubit.
        low: for each number x below 2^n the index that has the lower of the two places of each qubit as in x.
        matrix: real and imaginary parts in turn, shape (2^n, 2 * 2^n).
    """
    size = len(low)
    real, imaginary = np.empty(size, dtype=entries.dtype), np.empty(size, dtype=entries.dtype)
    scale = entries[0] * 0 + 1
    for _ in range(size):
        if scale * size > 1:
            scale /= 2
    for flips in range(size):
        for signs in range(size):
            # The digits are 0, 3, 1, 2: the higher place is z, the lower one a xor z.
            value = entries[2 * low[signs] + low[signs ^ flips]] * scale
            quarter, left = 0, flips & signs
            while left:
                quarter, left = quarter + 1, left & (left - 1)
            quarter &= 3
            real[signs] = value if quarter == 0 else -value if quarter == 2 else 0
            imaginary[signs] = -value if quarter == 1 else value if quarter == 3 else 0
        half = 1
        while half < size:
            for first in range(0, size, 2 * half):
                for place in range(first, first + half):
                    x, y = real[place], real[place + half]
                    real[place], real[place + half] = x + y, x - y
                    x, y = imaginary[place], imaginary[place + half]
                    imaginary[place], imaginary[place + half] = x + y, x - y
            half *= 2
        for row in range(size):
            matrix[row, 2 * (row ^ flips)] = real[row]
            matrix[row, 2 * (row ^ flips) + 1] = imaginary[row]
