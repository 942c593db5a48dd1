// The pass circuit with its parameters. Public signals are in the order in which they are declared in the template.
pragma circom 2.2.0;

include "../pass.circom";

component main {public [identitiesRoot, network, epoch, epochKey, scoreMin, negativeMax, beneficiary]} = Pass(
    17,    // STATE_DEPTH: 4^17 leaves
    2,     // SLOT_BITS: 4 keys an epoch
    160,   // KEY_BITS
    48     // SCORE_BITS, of which 16 are fractional
);
