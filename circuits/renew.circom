// Use up one leaf of the state tree and put another in its place, without saying which one it was.
//
// What it shows: there is a leaf of mine under identitiesRoot, and this is its nullifier. I folded into its sums the
// verdicts on all my keys of the epoch that it has to fold, each by the verdict tree which the history has for that epoch;
// none can be left out, and another epoch's tree does not fit. Then I let the sums fade to the epoch they now stand for,
// gave away `spent` of them, and this is the new leaf.
//
// There are two ways. To renew, `last` is the epoch before this one, or nothing: from now on passes can be taken for
// this epoch. After an absence `last` is older, and the verdicts of two epochs wait; then one settles first, which folds
// the older of them and fades to the epoch after `last`, and renews what comes of it.
//
//   renew:   (previous, last, asOf) -> (last, epoch, epoch)      where last is 0 or epoch - 1
//   settle:  (previous, last, asOf) -> (last, 0, last + 1)       where 0 < last <= epoch - 2
//
// In both, what was `last` becomes what is folded next. So every epoch in which a pass was possible is folded once.
//
// Numbers of a leaf: sums below 2^SCORE_BITS, epochs below 2^(2 × HISTORY_DEPTH). That holds of the first leaf and, as is
// shown here, of whatever this makes of a leaf. The ledger puts nothing else into the tree; of the sums it is asked again.
// Twin: `successor` in protocol/identity.ts; inputs are made by node/proofs/witness.ts.
pragma circom 2.2.0;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/comparators.circom";
include "./decay.circom";
include "./epoch-key.circom";
include "./identity.circom";
include "./tree.circom";
include "./verdicts.circom";

// Everything that the keys of one epoch gathered, by the verdict tree which the history has at the index of that epoch.
// An epoch of 0 gathers nothing, and then rows need only look like some: the sentinel's, without a path.
template Fold(HISTORY_DEPTH, VERDICT_DEPTH, SLOT_BITS, KEY_BITS) {
    var KEYS = 1 << SLOT_BITS;
    signal input secret;
    signal input network;
    signal input epoch;
    signal input historyRoot;
    signal input verdictRoot;
    signal input historySiblings[HISTORY_DEPTH][3];
    signal input rowKey[KEYS];
    signal input rowNext[KEYS];
    signal input rowPositive[KEYS];
    signal input rowNegative[KEYS];
    signal input rowIndex[KEYS];
    signal input rowSiblings[KEYS][VERDICT_DEPTH][3];
    signal output positive;
    signal output negative;

    signal isNone <== IsZero()(epoch);
    signal isFolding <== 1 - isNone;

    // The epoch is the index in the history and the scope of the keys: one signal, so that no other epoch's tree fits.
    // Its bits are the path, which is also why it is below 2^(2 × HISTORY_DEPTH).
    signal history <== Root(HISTORY_DEPTH)(verdictRoot, epoch, historySiblings);
    isFolding * (history - historyRoot) === 0;
    signal scope <== Scope()(network, epoch);

    // All slots, one after the other: the prover has no say in which.
    signal key[KEYS];
    signal root[KEYS];
    signal isPresent[KEYS];
    signal isCounted[KEYS];
    signal countedPositive[KEYS];
    signal countedNegative[KEYS];
    var positives = 0;
    var negatives = 0;
    for (var slot = 0; slot < KEYS; slot++) {
        key[slot] <== EpochKey(KEY_BITS)(secret, scope, slot);
        (root[slot], isPresent[slot]) <== Gathered(VERDICT_DEPTH, KEY_BITS)(
            key[slot], rowKey[slot], rowNext[slot], rowPositive[slot], rowNegative[slot], rowIndex[slot], rowSiblings[slot]
        );
        isFolding * (root[slot] - verdictRoot) === 0;

        // A row that is not bound to the history must not count, nor one that is another key's.
        isCounted[slot] <== isFolding * isPresent[slot];
        countedPositive[slot] <== isCounted[slot] * rowPositive[slot];
        countedNegative[slot] <== isCounted[slot] * rowNegative[slot];
        positives += countedPositive[slot];
        negatives += countedNegative[slot];
    }
    positive <== positives;
    negative <== negatives;
}

// What is left of a score after `spent` of it went to somebody else: at most a quarter of it, and down to `reserve`.
template Endorse(SCORE_BITS) {
    signal input positive;   // below 2^SCORE_BITS, as is negative
    signal input negative;
    signal input spent;
    signal input reserve;
    signal output out;

    // Both come from outside. Four times the first stays below 2^(SCORE_BITS + 2), so no difference below wraps.
    signal spentBits[SCORE_BITS] <== Num2Bits(SCORE_BITS)(spent);
    signal reserveBits[SCORE_BITS] <== Num2Bits(SCORE_BITS)(reserve);

    // A score may be below 0, and then nothing is asked of it as long as nothing is spent.
    signal isNothing <== IsZero()(spent);
    signal quarter <== (1 - isNothing) * (positive - negative - 4 * spent);
    signal quarterBits[SCORE_BITS] <== Num2Bits(SCORE_BITS)(quarter);
    signal rest <== (1 - isNothing) * (positive - negative - spent - reserve);
    signal restBits[SCORE_BITS] <== Num2Bits(SCORE_BITS)(rest);

    // Not below 0, since a quarter of the score is no more than `positive`.
    out <== positive - spent;
}

template Renew(STATE_DEPTH, HISTORY_DEPTH, VERDICT_DEPTH, SLOT_BITS, KEY_BITS, SCORE_BITS, STEP_BITS, FLOORS, CEILINGS) {
    var KEYS = 1 << SLOT_BITS;
    var EPOCH_BITS = 2 * HISTORY_DEPTH;

    signal input identitiesRoot;   // public: a checkpoint root of the state tree
    signal input historyRoot;      // public: of the history tree
    signal input network;          // public
    signal input epoch;            // public: the current one, not 0
    signal input nullifier;        // public: of the leaf that is used up
    signal input leaf;             // public: the one in its place
    signal input spent;            // public: what an endorsement takes of the score; 0 is none
    signal input target;           // public: whose epoch key it goes to
    signal input reserve;          // public: what must be left of a score of which something is spent

    signal input secret;
    signal input positive;
    signal input negative;
    signal input previous;
    signal input last;
    signal input asOf;
    signal input index;
    signal input siblings[STATE_DEPTH][3];
    signal input isSettle;
    signal input verdictRoot;
    signal input historySiblings[HISTORY_DEPTH][3];
    signal input rowKey[KEYS];
    signal input rowNext[KEYS];
    signal input rowPositive[KEYS];
    signal input rowNegative[KEYS];
    signal input rowIndex[KEYS];
    signal input rowSiblings[KEYS][VERDICT_DEPTH][3];

    // What is compared below. `previous` is checked by its path in the history.
    signal epochBits[EPOCH_BITS] <== Num2Bits(EPOCH_BITS)(epoch);
    signal lastBits[EPOCH_BITS] <== Num2Bits(EPOCH_BITS)(last);
    signal asOfBits[EPOCH_BITS] <== Num2Bits(EPOCH_BITS)(asOf);

    // --- The leaf that is used up. Only a first leaf stands for no epoch, and nothing is in one.
    signal isFirst <== IsZero()(asOf);
    isFirst * positive === 0;
    isFirst * negative === 0;
    isFirst * previous === 0;
    isFirst * last === 0;
    signal first <== FirstLeaf()(secret, network);
    signal later <== Leaf()(secret, positive, negative, previous, last, asOf);
    signal used <== later + isFirst * (first - later);
    signal root <== Root(STATE_DEPTH)(used, index, siblings);
    root === identitiesRoot;
    signal itsNullifier <== Nullifier()(secret, network, previous, last);
    itsNullifier === nullifier;

    // --- Which of the two ways. `last` of 0 makes isNew 1.
    isSettle * (1 - isSettle) === 0;
    signal isNew <== IsZero()(last);
    // To renew, last is 0 or epoch - 1; so never this epoch, whose verdicts are still to come.
    signal lastAway <== last * (epoch - 1 - last);
    (1 - isSettle) * lastAway === 0;
    // To settle, last is not 0, and at most epoch - 2: what is left fits into EPOCH_BITS only if it is none below 0.
    isSettle * isNew === 0;
    signal absence <== isSettle * (epoch - 2 - last);
    signal absenceBits[EPOCH_BITS] <== Num2Bits(EPOCH_BITS)(absence);
    signal newLast <== (1 - isSettle) * epoch;
    signal newAsOf <== epoch + isSettle * (last + 1 - epoch);

    // --- Sums of the leaf are below 2^SCORE_BITS. Every leaf that this circuit made holds that already, and the ledger puts
    // no other into the tree; should it ever do, a sum that counts as a small number below 0 ends here.
    signal positiveBefore[SCORE_BITS] <== Num2Bits(SCORE_BITS)(positive);
    signal negativeBefore[SCORE_BITS] <== Num2Bits(SCORE_BITS)(negative);

    // --- Fold. Sums of a row are at most 2^40, so that these do not wrap; but they may be too large, and then the next one
    // could be.
    signal (foldedPositive, foldedNegative) <== Fold(HISTORY_DEPTH, VERDICT_DEPTH, SLOT_BITS, KEY_BITS)(
        secret, network, previous, historyRoot, verdictRoot, historySiblings,
        rowKey, rowNext, rowPositive, rowNegative, rowIndex, rowSiblings
    );
    signal allPositive <== positive + foldedPositive;
    signal allNegative <== negative + foldedNegative;
    signal positiveBits[SCORE_BITS] <== Num2Bits(SCORE_BITS)(allPositive);
    signal negativeBits[SCORE_BITS] <== Num2Bits(SCORE_BITS)(allNegative);

    // --- Fade; not from a first leaf, which is worth nothing and may be older than decay can count.
    signal steps[STEP_BITS] <== DecaySteps(EPOCH_BITS, STEP_BITS)(asOf, newAsOf, isFirst);
    signal fadedPositive <== Decay(SCORE_BITS, STEP_BITS, FLOORS, 0)(allPositive, steps);
    signal fadedNegative <== Decay(SCORE_BITS, STEP_BITS, CEILINGS, (1 << 32) - 1)(allNegative, steps);

    // --- Give. Only in the way that leads to a pass: what was settled is not yet complete.
    isSettle * spent === 0;
    signal newPositive <== Endorse(SCORE_BITS)(fadedPositive, fadedNegative, spent, reserve);
    // Nothing is asked of the target, but it has to be part of the statement, so that nobody puts another in its place.
    signal targetSquare <== target * target;

    // --- The leaf in its place.
    signal newLeaf <== Leaf()(secret, newPositive, fadedNegative, last, newLast, newAsOf);
    newLeaf === leaf;
}
