"""Runs moves on blocks of entries: every step of the exact engine, many in one call.

What costs time is a small matrix on all tiles of a block: the entries at some digits of two qubits, next to each other
in lanes of one vector register, the others fixed. A tile is read into registers, every row of the matrix is summed
there, and the tile is written back, so a block is read and written once. `reference.py` says the same plainly.

One long file, because kernels that call one another have to be in one (`jit.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from llvmlite import ir

from proxima_backend_lret.jit import Emission, emitted, kernel

# As in `layout.py`; here again because Numba takes what it cached for fresh as long as this file is the same.
OUTER, MAP, CLOSE, SPLIT = 0, 1, 2, 3
KIND, HOME, HOME_BITS, OTHER, OTHER_BITS, TASK, WIRES, MASK, REST, FIXED, FIRST_WIRE = range(11)
"""Kinds of moves, of which SPLIT is a map of two qubits whose matrix is written in blocks, and columns."""

Float = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]

LANE_BYTES = 64
"""Bytes of one vector."""

SPLIT_COLUMNS: tuple[tuple[int, ...], ...] = ((0,), (1, 2, 3), (4, 8, 12), (5, 6, 7, 9, 10, 11, 13, 14, 15))
"""Columns of the blocks of a matrix that keeps I, local terms of each qubit and joint terms apart."""

_SMALL, _WIDE = 4, 16
_SPLIT_LENGTH = sum(len(columns) ** 2 for columns in SPLIT_COLUMNS)
# Enough for the lanes, and for places that can be exchanged with all of the lanes'.
_LEAST_TO_EXCHANGE = 12
# Tiles from which on a block is in no near cache, and how many tiles ahead it is asked for.
_LEAST_TO_PREFETCH, _AHEAD = 1 << 12, 4
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


def _emit_prefetch(builder: ir.IRBuilder, pointers: Sequence[ir.Value], numbers: Sequence[ir.Value]) -> None:
    """Ask for the 16 vectors of a tile that is needed soon."""
    entries, places = pointers
    (start,) = numbers
    byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
    fetch = builder.module.globals.get("llvm.prefetch.p0") or ir.Function(builder.module, kind, "llvm.prefetch.p0")
    for column in range(16):
        address = builder.bitcast(_lane_pointer(builder, entries, start, places, _SIGNED(column)), byte)
        builder.call(fetch, [address, number(1), number(3), number(1)])


_map_small = emitted(_emit_rows(_SMALL))
_map_wide = emitted(_emit_rows(_WIDE))
_map_split = emitted(_emit_split)
_map_exchanged = emitted(_emit_exchanged)
_prefetch = emitted(_emit_prefetch)

_MULTIPLY = "void({0}[::1], int64, int64, int64, int64)"
_CLOSE = "void({0}[::1], int64, int64)"
_TILES = "void({0}[::1], int64, int64[::1], {0}[::1], int64, int64[::1], {0}[::1], int64, int64, int64, int64)"
_EXCHANGED = "void({0}[::1], int64, int64[::1], {0}[::1], int64, int64)"
_GATHERED = (
    "void({0}[::1], int64, int64[::1], int64[::1], {0}[::1], int64, int64, int64, int64, {0}[::1], {0}[::1], "
    "int64[::1])"
)
_SQUARE = "void({0}[::1], int64, int64[::1], int64[::1], int64, {0}[::1])"
_JOINED = "int64({0}[::1], int64[::1], {0}[::1], int64, int64, int64, int64, int64[::1], int64[::1], {0}[::1])"
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
    place = ahead = 0
    far = count >= _LEAST_TO_PREFETCH and form != _SMALL
    if far:
        for _ in range(_AHEAD):
            ahead = (ahead - mask) & mask
    for _ in range(count):
        if far:
            _prefetch((source, sources), (start + ahead,))
            ahead = (ahead - mask) & mask
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


@kernel("UniTuple(int64, 5)(int64[::1], int64[::1], int64[::1])")
def find_places(move: Integers, sources: Integers, targets: Integers) -> tuple[int, int, int, int, int]:
    """Write where the rows and columns of a map are; the first wire is the least significant digit of their indices.

    Args:
        move: of kind MAP or SPLIT.
        sources: receives the addresses of columns; then, a quarter of its length apart, where these columns are in the
            matrix, and both for the columns that are in what the map takes in.
        targets: receives the addresses of rows.

    Returns:
        Rows; columns in HOME and in OTHER; the places of HOME that they take; 1 where every wire stays where it is.
    """
    room = len(sources) // 4
    inner, outer, outer_places = sources[room:], sources[2 * room :], sources[3 * room :]
    rows = columns = inside = outside = stays = 1
    taken = 0
    sources[0] = inner[0] = outer[0] = outer_places[0] = targets[0] = 0
    bits = move[HOME_BITS]
    for wire in range(move[WIRES]):
        at, to = move[FIRST_WIRE + 4 * wire], move[FIRST_WIRE + 4 * wire + 2]
        before, after = 1 << move[FIRST_WIRE + 4 * wire + 1], 1 << move[FIRST_WIRE + 4 * wire + 3]
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
        if to != at:
            stays = 0
    return rows, inside, outside, taken, stays


@kernel("int64(int64[::1], int64, int64, int64[::1], int64[::1])")
def find_exchange(sources: Integers, exchanged: int, spare: int, addresses: Integers, columns: Integers) -> int:
    """Find 16 vectors with the entries of a tile whose columns are partly lanes of one another.

    Args:
        sources: addresses of the 16 columns.
        exchanged: places of the lanes that they take.
        spare: places above those of the lanes that they do not take.
        addresses: receives the address of each vector.
        columns: receives the column that each vector is once the places are exchanged.

    Returns:
        The spare places that are left.
    """
    used = 0
    for bit in range(4):
        if (exchanged >> bit) & 1:
            for column_bit in range(4):
                if sources[1 << column_bit] == 1 << bit:
                    columns[1 << bit] = 1 << column_bit
                    used |= 1 << column_bit
            addresses[1 << bit] = spare & -spare
            spare &= spare - 1
    for bit in range(4):
        if (exchanged >> bit) & 1 == 0:
            column_bit = ~used & (used + 1)
            used |= column_bit
            addresses[1 << bit], columns[1 << bit] = sources[column_bit], column_bit
    addresses[0] = columns[0] = 0
    for vector in range(1, _WIDE):
        lowest = vector & -vector
        if lowest != vector:
            addresses[vector] = addresses[lowest] + addresses[vector - lowest]
            columns[vector] = columns[lowest] + columns[vector - lowest]
    return spare


@kernel(_SQUARE.format(_DOUBLE), _SQUARE.format(_SINGLE))
def write_square(  # noqa: PLR0917 - as above
    matrices: Float, address: int, rows: Integers, columns: Integers, row_count: int, square: Float
) -> None:
    """Write a matrix with 16 rows and columns in another order; rows that it does not have are 0.

    Args:
        matrices, address: the matrix, row by row; in blocks where `row_count` is 0.
        rows, columns: where its rows and columns go.
        row_count: its rows.
        square: receives it, row by row.
    """
    for place in range(_WIDE * _WIDE):
        square[place] = 0
    if row_count:
        for row in range(row_count):
            for column in range(_WIDE):
                square[_WIDE * rows[row] + columns[column]] = matrices[address + row * _WIDE + column]
        return
    start = 0
    for size in (1, 3, 3, 9):
        for row in range(start, start + size):
            for column in range(start, start + size):
                square[_WIDE * rows[row] + columns[column]] = matrices[address]
                address += 1
        start += size


@kernel(_JOINED.format(_DOUBLE), _JOINED.format(_SINGLE))
def write_joined(  # noqa: PLR0917 - as above
    entries: Float,
    move: Integers,
    matrices: Float,
    rows: int,
    inside: int,
    outside: int,
    form: int,
    sources: Integers,
    targets: Integers,
    matrix: Float,
) -> int:
    """Multiply what a map takes in into its matrix, with rows for every value of the other wires of that.

    Args:
        entries, move, matrices: as of `run_moves`.
        rows, inside, outside: of `find_places`, as `sources` and `targets` are.
        form: columns that the matrix is to have.
        sources: addresses of columns.
        targets: receives the addresses of all rows.
        matrix: receives the matrix.

    Returns:
        How many rows there are.
    """
    room = len(sources) // 4
    inner, outer, outer_places = sources[room:], sources[2 * room :], sources[3 * room :]
    other, rest, going = move[OTHER], move[MASK], move[REST]
    at = to = value = 0
    while True:
        for row in range(rows):
            targets[value * rows + row] = targets[row] + to
            first = move[TASK] + row * inside * outside
            for column in range(form):
                total = matrices[0] * 0
                if column < inside:
                    for digit in range(outside):
                        place = first + inner[column] + outer_places[digit]
                        total += matrices[place] * entries[other + at + outer[digit]]
                matrix[(value * rows + row) * form + column] = total
        value += 1
        at, to = (at - rest) & rest, (to - going) & going
        if at == 0:
            return rows * value


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
        tile, mapped, matrix, sources, targets: room for a tile, what it is mapped to, a matrix, four times as many
            addresses as it has rows or columns and 16 more, and as many as it has rows.
    """
    lanes = 64 // entries.itemsize
    room = len(sources) // 4
    inner, outer, spared = sources[room:], sources[2 * room :], sources[3 * room :]
    for index in range(first, last):
        move = moves[index]
        kind, home, bits, other, address = move[KIND], move[HOME], move[HOME_BITS], move[OTHER], move[TASK]
        if kind == OUTER:
            multiply(entries, home, bits, other, move[OTHER_BITS])
            continue
        if kind == CLOSE:
            close(entries, home, move[MASK])
            continue

        rows, inside, outside, taken, stays = find_places(move, sources, targets)
        free = ((1 << bits) - 1) & ~taken & ~move[FIXED]
        spare = free & ~(lanes - 1)
        exchanged = taken & (lanes - 1)
        exchanges = exchanged > 0 and stays == 1 and other < 0 and inside == _WIDE
        exchanges = exchanges and bits >= _LEAST_TO_EXCHANGE and move[FIXED] & (lanes - 1) == 0
        # The matrix, with columns of zeros up to a number that there is code for.
        form = 0 if kind == SPLIT else _SMALL if inside <= _SMALL else _WIDE if inside <= _WIDE else inside
        order = move[OTHER_BITS]
        if exchanges:
            spare = find_exchange(sources, exchanged, spare, inner, outer)
            # The vector of each column, and by its address of each row.
            for vector in range(_WIDE):
                spared[outer[vector]] = vector
            for row in range(_WIDE if kind == SPLIT else rows):
                for column in range(_WIDE):
                    if targets[row] == sources[column]:
                        outer[row] = spared[column]
            if kind == SPLIT:
                for place in range(_WIDE):
                    sources[place] = outer[orders[order + place]]
                    targets[place] = spared[orders[order + _WIDE + place]]
                write_square(matrices, address, sources, targets, 0, matrix)
            else:
                write_square(matrices, address, outer, spared, rows, matrix)
        elif kind == SPLIT:
            for place in range(_WIDE):
                inner[place], outer[place] = targets[orders[order + place]], sources[orders[order + _WIDE + place]]
            for place in range(_WIDE):
                targets[place], sources[place] = inner[place], outer[place]
            for place in range(_SPLIT_LENGTH):
                matrix[place] = matrices[address + place]
        elif other >= 0:
            rows = write_joined(entries, move, matrices, rows, inside, outside, form, sources, targets, matrix)
        else:
            for row in range(rows):
                for column in range(inside):
                    matrix[row * form + column] = matrices[address + row * inside + column]
                for column in range(inside, form):
                    matrix[row * form + column] = 0
        for column in range(inside, form):
            sources[column] = sources[0]

        count, left = 1, spare
        while left:
            count, left = 2 * count, left & (left - 1)
        base_count = move[REST] if other < 0 else 0
        for which in range(max(base_count, 1)):
            base = home + (bases[move[MASK] + which] if base_count else 0)
            if exchanges:
                map_exchanged(entries, base, inner, matrix, exchanged, spare)
            elif free & (lanes - 1) == lanes - 1 and form <= _WIDE:
                map_tiles(entries, base, sources, entries, base, targets, matrix, rows, form, spare, count)
            else:
                map_gathered(
                    entries, base, sources, targets, matrix, rows, form or _WIDE, form, free, tile, mapped, inner
                )
