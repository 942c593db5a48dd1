// The stamp circuit with its parameter. Public signals are in the order in which they are declared in the template.
pragma circom 2.2.0;

include "../stamp.circom";

component main {public [stampsRoot, network, nullifier, denomination, beneficiary]} = Stamp(
    16     // STAMPS_DEPTH: 4^16 stamps
);
