// The public handle of a pass: what verdicts on the messages sent under it accrue to. Nobody without the secret can
// tell whose it is, or that two of them are one person's. Twin: `scopeOf` and `epochKeyOf` in protocol/identity.ts.
pragma circom 2.2.0;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/poseidon.circom";
include "./tags.circom";

// What a key is for: one network, one epoch.
template Scope() {
    signal input network;
    signal input epoch;
    signal output out;

    out <== Poseidon(3)([TAG_SCOPE(), network, epoch]);
}

// The lowest KEY_BITS bits of a hash. A field element has several sums of 254 bits: itself and, where it is small enough,
// itself plus the modulus. Only the first is allowed, or a person had two keys a slot and folded the cleaner. It is below
// the modulus because its high part is below the modulus's own; a hash whose high part equals that, one in 2^94, has no key.
// (To compare all 254 bits costs 200 constraints more, for each of the keys.)
template EpochKey(KEY_BITS) {
    signal input secret;
    signal input scope;
    signal input slot;   // the caller has checked that there is such a slot
    signal output out;

    var HIGH_BITS = 254 - KEY_BITS;
    var HIGH_MAX = (-1 >> KEY_BITS) - 1;   // -1 is the modulus less 1

    signal hash <== Poseidon(4)([TAG_KEY(), secret, scope, slot]);
    signal low <-- hash & ((1 << KEY_BITS) - 1);   // the key
    signal high <-- hash >> KEY_BITS;   // the rest of the hash
    low + high * (1 << KEY_BITS) === hash;
    signal lowBits[KEY_BITS] <== Num2Bits(KEY_BITS)(low);
    signal highBits[HIGH_BITS] <== Num2Bits(HIGH_BITS)(high);
    // Both are below 2^HIGH_BITS, so the difference fits into as many bits only if it is none below 0.
    signal highRoom[HIGH_BITS] <== Num2Bits(HIGH_BITS)(HIGH_MAX - high);
    out <== low;
}
