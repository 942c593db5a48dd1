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
// itself plus the modulus. Num2Bits_strict allows the first alone, or a person had two keys a slot and folded the cleaner.
template EpochKey(KEY_BITS) {
    signal input secret;
    signal input scope;
    signal input slot;   // the caller has checked that there is such a slot
    signal output out;

    signal hash <== Poseidon(4)([TAG_KEY(), secret, scope, slot]);
    signal bits[254] <== Num2Bits_strict()(hash);
    var low = 0;
    for (var i = 0; i < KEY_BITS; i++) {
        low += bits[i] * (1 << i);
    }
    out <== low;
}
