// Scores fade: 0.9 of them is left an epoch later, at most 63 times. The number of epochs is taken in binary, and each of
// its six bits that is set multiplies by one constant of 32 fractional bits, lowest bit first; what speaks for somebody
// rounds down, what speaks against rounds up. Twin: `decay` in protocol/reputation.ts, which rounds in the same places.
pragma circom 2.2.0;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/comparators.circom";

// How often to decay, as bits: the epochs from one to another, or all bits set where that takes more bits than there are.
// Refuses a `to` before `from`: both are below 2^EPOCH_BITS, so the difference fits only if it is none below 0.
template DecaySteps(EPOCH_BITS, STEP_BITS) {
    signal input from;
    signal input to;
    signal input isOff;   // 1 takes it as no time at all
    signal output out[STEP_BITS];

    signal epochs <== (1 - isOff) * (to - from);
    signal bits[EPOCH_BITS] <== Num2Bits(EPOCH_BITS)(epochs);

    // The sum of at most 16 bits does not wrap, so it is 0 only if none of them is set.
    var beyond = 0;
    for (var i = STEP_BITS; i < EPOCH_BITS; i++) {
        beyond += bits[i];
    }
    signal isWithin <== IsZero()(beyond);
    for (var i = 0; i < STEP_BITS; i++) {
        // The bit, or 1 if there were more epochs: 1 - isWithin × (1 - bit).
        out[i] <== 1 - isWithin * (1 - bits[i]);
    }
}

// in × FACTOR ÷ 2^32 if it is on, rounded down, or up where ROUNDING is 2^32 - 1; `in` as it is otherwise.
// `in` is below 2^BITS and FACTOR below 2^32, so the product with its rounding stays below 2^(BITS + 32): it has only
// one sum of so many bits, no field element is it twice, and the result is below 2^BITS again.
template DecayStep(BITS, FACTOR, ROUNDING) {
    signal input in;
    signal input isOn;   // a bit
    signal output out;

    signal product[BITS + 32] <== Num2Bits(BITS + 32)(in * FACTOR + ROUNDING);
    var quotient = 0;
    for (var i = 0; i < BITS; i++) {
        quotient += product[32 + i] * (1 << i);
    }
    out <== in + isOn * (quotient - in);
}

template Decay(BITS, STEP_BITS, FACTORS, ROUNDING) {
    signal input in;   // below 2^BITS
    signal input steps[STEP_BITS];
    signal output out;

    signal faded[STEP_BITS + 1];
    faded[0] <== in;
    for (var i = 0; i < STEP_BITS; i++) {
        faded[i + 1] <== DecayStep(BITS, FACTORS[i], ROUNDING)(faded[i], steps[i]);
    }
    out <== faded[STEP_BITS];
}
