// What one epoch key gathered, by the verdict tree of its epoch. Rows are sorted by key and each names the next key, so
// that one path shows a key present or absent. The first row has key 0, the next of the last is 2^KEY_BITS - 1, and
// unused leaves are 0 and no rows. Twin: protocol/verdicts.ts.
//
// The ledger builds the tree: keys and nexts of its rows are below 2^KEY_BITS, and their numbers at most 2^40. They are
// therefore not checked again here; who uses this must bind `root` to a root of the ledger's, or use nothing of it.
pragma circom 2.2.0;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/comparators.circom";
include "circomlib/circuits/poseidon.circom";
include "./tags.circom";
include "./tree.circom";

template Row() {
    signal input key;
    signal input next;
    signal input positive;
    signal input negative;
    signal output out;

    out <== Poseidon(5)([TAG_ROW(), key, next, positive, negative]);
}

// The row that covers a key: its own, or the one before the gap that it falls into.
template Gathered(DEPTH, KEY_BITS) {
    signal input key;   // below 2^KEY_BITS, as EpochKey makes it
    signal input rowKey;
    signal input rowNext;
    signal input rowPositive;
    signal input rowNegative;
    signal input rowIndex;
    signal input rowSiblings[DEPTH][3];
    signal output root;
    signal output isPresent;

    signal row <== Row()(rowKey, rowNext, rowPositive, rowNegative);
    root <== Root(DEPTH)(row, rowIndex, rowSiblings);

    // rowKey <= key. All are below 2^KEY_BITS, so a difference that fits into as many bits is none below 0: those are
    // the modulus less something small. Only one row of a sorted tree fits, so no other can be shown for the key's own.
    signal above[KEY_BITS] <== Num2Bits(KEY_BITS)(key - rowKey);
    // key < rowNext, in the same way.
    signal below[KEY_BITS] <== Num2Bits(KEY_BITS)(rowNext - key - 1);

    isPresent <== IsEqual()([rowKey, key]);
}
