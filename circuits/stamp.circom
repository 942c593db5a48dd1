// Redeem a note of fixed denomination under one pseudonym that was bought under another, and nobody can tell which it was.
//
// What it shows: a stamp of this denomination is under stampsRoot whose secret I know, and this is the nullifier that every
// use of that secret has. What is redeemed for whom is the beneficiary: it is in the statement, so that nobody who sees
// the proof can take the money elsewhere.
// Twins: `stampLeaf` and `stampNullifierOf` in protocol/identity.ts; inputs are made by node/proofs/witness.ts.
pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";
include "./tags.circom";
include "./tree.circom";

template Stamp(STAMPS_DEPTH) {
    signal input stampsRoot;     // public: a checkpoint root of the tree of stamps
    signal input network;        // public
    signal input nullifier;      // public
    signal input denomination;   // public
    signal input beneficiary;    // public: what is redeemed, hashed

    signal input stampSecret;
    signal input index;
    signal input siblings[STAMPS_DEPTH][3];

    // The buyer gives the ledger the note alone, and the ledger puts it under the denomination that was paid for.
    signal note <== Poseidon(2)([TAG_NOTE(), stampSecret]);
    signal leaf <== Poseidon(3)([TAG_STAMP(), denomination, note]);
    signal root <== Root(STAMPS_DEPTH)(leaf, index, siblings);
    root === stampsRoot;

    // From the secret alone, so that a stamp has one wherever it stands in the tree.
    signal itsNullifier <== Poseidon(3)([TAG_STAMP_NULLIFIER(), stampSecret, network]);
    itsNullifier === nullifier;

    // Nothing is asked of the beneficiary, but it has to be part of the statement.
    signal beneficiarySquare <== beneficiary * beneficiary;
}
