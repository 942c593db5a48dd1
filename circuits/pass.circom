// Show, once an epoch and pseudonym, that somebody of at least a certain standing stands behind it, and get an epoch key.
//
// What it shows: there is a leaf of mine under identitiesRoot which was renewed in this epoch, so that everything that was
// to be folded has been; its score and what speaks against it reach what is asked for; and epochKey is my key of one of
// the slots that everybody has in this epoch. A key is bound to one pseudonym: the beneficiary is in the statement, so
// that nobody who sees the proof can use it for another.
// Twins: `epochKeyOf` in protocol/identity.ts and `reaches` in protocol/reputation.ts; inputs are made by node/proofs/witness.ts.
pragma circom 2.2.0;

include "circomlib/circuits/bitify.circom";
include "./epoch-key.circom";
include "./identity.circom";
include "./tree.circom";

// positive - negative >= scoreMin - 2^SCORE_BITS, and negative <= negativeMax. The offset keeps scoreMin from being
// negative: a score can be as low as that, and of whoever asks for nothing, scoreMin is 0.
template Reaches(SCORE_BITS) {
    signal input positive;
    signal input negative;
    signal input scoreMin;
    signal input negativeMax;

    // All four within their width. Then each difference below is less than the modulus away from 0, and one that fits
    // into the bits given to it is none below 0.
    signal positiveBits[SCORE_BITS] <== Num2Bits(SCORE_BITS)(positive);
    signal negativeBits[SCORE_BITS] <== Num2Bits(SCORE_BITS)(negative);
    signal scoreMinBits[SCORE_BITS + 1] <== Num2Bits(SCORE_BITS + 1)(scoreMin);
    signal negativeMaxBits[SCORE_BITS] <== Num2Bits(SCORE_BITS)(negativeMax);

    // At most 2^SCORE_BITS - 1 + 2^SCORE_BITS, which is why one more bit is enough.
    signal scoreAbove[SCORE_BITS + 1] <== Num2Bits(SCORE_BITS + 1)(positive + (1 << SCORE_BITS) - negative - scoreMin);
    signal negativeBelow[SCORE_BITS] <== Num2Bits(SCORE_BITS)(negativeMax - negative);
}

template Pass(STATE_DEPTH, SLOT_BITS, KEY_BITS, SCORE_BITS) {
    signal input identitiesRoot;   // public: a checkpoint root of the state tree
    signal input network;          // public
    signal input epoch;            // public: the current one, not 0 (which is what a leaf that was only settled has)
    signal input epochKey;         // public
    signal input scoreMin;         // public: see Reaches
    signal input negativeMax;      // public
    signal input beneficiary;      // public: the address of the pseudonym

    signal input secret;
    signal input slot;
    signal input positive;
    signal input negative;
    signal input previous;
    signal input asOf;
    signal input index;
    signal input siblings[STATE_DEPTH][3];

    // Its `last` is this epoch: a leaf with anything closed still to be folded has an older one.
    signal leaf <== Leaf()(secret, positive, negative, previous, epoch, asOf);
    signal root <== Root(STATE_DEPTH)(leaf, index, siblings);
    root === identitiesRoot;

    // There are 2^SLOT_BITS slots, and renewing folds the keys of just these.
    signal slotBits[SLOT_BITS] <== Num2Bits(SLOT_BITS)(slot);
    signal scope <== Scope()(network, epoch);
    signal key <== EpochKey(KEY_BITS)(secret, scope, slot);
    key === epochKey;

    Reaches(SCORE_BITS)(positive, negative, scoreMin, negativeMax);

    // Nothing is asked of the beneficiary, but it has to be part of the statement.
    signal beneficiarySquare <== beneficiary * beneficiary;
}
