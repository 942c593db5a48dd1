// What an identity is to the ledger: leaves of the state tree, and the nullifiers that use them up.
// Twin: protocol/identity.ts, with the same names.
pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";
include "./tags.circom";

// The leaf that the ledger itself makes of a public commitment at enrolment. All numbers of its state are 0.
template FirstLeaf() {
    signal input secret;
    signal input network;
    signal output out;

    signal commitment <== Poseidon(3)([TAG_COMMITMENT(), secret, network]);
    out <== Poseidon(2)([TAG_FIRST(), commitment]);
}

// Every later leaf. It hashes the secret and not the public commitment, or its numbers could be guessed and tried.
template Leaf() {
    signal input secret;
    signal input positive;   // what spoke for this person, with 16 fractional bits
    signal input negative;   // what spoke against
    signal input previous;   // the epoch whose verdicts are folded next; 0 is none
    signal input last;       // the epoch it was renewed in; 0 after it was settled
    signal input asOf;       // the epoch it is decayed to
    signal output out;

    out <== Poseidon(7)([TAG_LEAF(), secret, positive, negative, previous, last, asOf]);
}

// One a leaf, whatever is made of the leaf: so of renewing and settling it, or renewing it twice, only the first counts.
// (previous, last) never comes twice in one identity's life, because last grows and settling moves it to previous.
template Nullifier() {
    signal input secret;
    signal input network;
    signal input previous;
    signal input last;
    signal output out;

    out <== Poseidon(5)([TAG_NULLIFIER(), secret, network, previous, last]);
}
