OPENQASM 3.0;
include "stdgates.inc";

// Two rounds of the three-qubit repetition code without corrections: noise shows in the syndromes and in the data.
qubit[3] data;
qubit[2] ancilla;
bit[2] first;
bit[2] second;
bit[3] out;
cx data[0], ancilla[0];
cx data[1], ancilla[0];
cx data[1], ancilla[1];
cx data[2], ancilla[1];
first = measure ancilla;
reset ancilla;
cx data[0], ancilla[0];
cx data[1], ancilla[0];
cx data[1], ancilla[1];
cx data[2], ancilla[1];
second = measure ancilla;
out = measure data;
