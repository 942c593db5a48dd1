// What a rate-limiting nullifier proves with each message (RLN v2, rfc.vac.dev/spec/58), to measure what we do without:
// I am registered, this is one of the messages that I may send in this epoch, and whoever sees two with the same number
// learns my secret. Written from the specification; only its size and the time it takes matter here.
pragma circom 2.1.0;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/comparators.circom";
include "circomlib/circuits/poseidon.circom";

template RateLimitingNullifier(DEPTH, LIMIT_BITS) {
    signal input x;                   // public: the hash of the message
    signal input externalNullifier;   // public: the epoch and the application
    signal input identitySecret;
    signal input messageLimit;
    signal input messageId;           // 0 <= messageId < messageLimit
    signal input pathElements[DEPTH];
    signal input pathIndex[DEPTH];
    signal output y;                  // the share of the secret that this message gives away
    signal output root;
    signal output nullifier;

    signal commitment <== Poseidon(1)([identitySecret]);
    signal rateCommitment <== Poseidon(2)([commitment, messageLimit]);

    signal node[DEPTH + 1];
    signal left[DEPTH];
    node[0] <== rateCommitment;
    for (var level = 0; level < DEPTH; level++) {
        pathIndex[level] * (pathIndex[level] - 1) === 0;
        left[level] <== node[level] + pathIndex[level] * (pathElements[level] - node[level]);
        node[level + 1] <== Poseidon(2)([left[level], node[level] + pathElements[level] - left[level]]);
    }
    root <== node[DEPTH];

    // LessThan is sound only below 2^LIMIT_BITS, so both sides are checked.
    signal idBits[LIMIT_BITS] <== Num2Bits(LIMIT_BITS)(messageId);
    signal limitBits[LIMIT_BITS] <== Num2Bits(LIMIT_BITS)(messageLimit);
    signal within <== LessThan(LIMIT_BITS)([messageId, messageLimit]);
    within === 1;

    signal slope <== Poseidon(3)([identitySecret, externalNullifier, messageId]);
    y <== identitySecret + slope * x;
    nullifier <== Poseidon(1)([slope]);
}

component main {public [x, externalNullifier]} = RateLimitingNullifier(20, 16);
