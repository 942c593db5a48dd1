// The renew circuit with its parameters. Public signals are in the order in which they are declared in the template.
pragma circom 2.2.0;

include "../renew.circom";

component main {public [identitiesRoot, historyRoot, network, epoch, nullifier, leaf, spent, target, reserve]} = Renew(
    17,    // STATE_DEPTH: 4^17 leaves
    10,    // HISTORY_DEPTH: 4^10 epochs
    13,    // VERDICT_DEPTH: 4^13 rows an epoch
    2,     // SLOT_BITS: 4 keys an epoch
    160,   // KEY_BITS
    48,    // SCORE_BITS, of which 16 are fractional
    6,     // STEP_BITS: at most 63 epochs of decay
    // 2^32 × 0.9^1, 0.9^2, 0.9^4, 0.9^8, 0.9^16 and 0.9^32, rounded down, and then rounded up
    [3865470566, 3478923509, 2817928042, 1848842588, 795866110, 147475597],
    [3865470567, 3478923510, 2817928043, 1848842589, 795866111, 147475598]
);
