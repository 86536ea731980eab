OPENQASM 3.0;
include "stdgates.inc";

// The three-qubit repetition code: 1 is encoded, a bit flip strikes data[1], the syndrome finds it and the correction undoes
// it, so that `out` is always 111. Try it with noise: proxima run repetition_code.qasm --noise depolarizing:0.01
qubit[3] data;
qubit[2] ancilla;
bit[2] syndrome;
bit[3] out;

// Encode.
x data[0];
cx data[0], data[1];
cx data[0], data[2];

// The error.
x data[1];

// Parities of neighbours.
cx data[0], ancilla[0];
cx data[1], ancilla[0];
cx data[1], ancilla[1];
cx data[2], ancilla[1];
syndrome = measure ancilla;
reset ancilla;

switch (syndrome) {
  case 1 { x data[0]; }
  case 2 { x data[2]; }
  case 3 { x data[1]; }
}
out = measure data;
