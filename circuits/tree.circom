// Membership in a tree of arity 4. A path is the leaf's index and three siblings a level, from the leaf upwards, in the
// order of their places. Twin: `rootFrom` in protocol/tree.ts.
//
// An unused leaf is 0, and a path from an unused place beside a used one does end in the root. So each circuit computes its
// leaf as a hash (Leaf, FirstLeaf, Row, the stamp's), and nobody knows an input whose hash is 0. The history's leaf is the
// root of a tree, which is a hash as well. No path ends in 0, the root of an empty tree.
pragma circom 2.2.0;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/poseidon.circom";

// One level: put a node among its three siblings, at the place that two bits say, and hash the four.
template Parent() {
    signal input node;
    signal input siblings[3];
    signal input place[2];   // bits, lower first; the caller has checked that they are bits
    signal output out;

    // Exactly one of the four is 1, the others are 0, because place holds bits.
    signal isThird <== place[0] * place[1];
    var isZeroth = 1 - place[0] - place[1] + isThird;
    var isFirst = place[0] - isThird;

    // The zeroth child is the node, or else the first of the siblings.
    signal zeroth <== siblings[0] + isZeroth * (node - siblings[0]);
    // The third is the node, or else the last of them.
    signal third <== siblings[2] + isThird * (node - siblings[2]);
    // The first is the node; or the first sibling if the node stands before it; or the second.
    signal shifted <== isZeroth * (siblings[0] - siblings[1]);
    signal first <== siblings[1] + shifted + isFirst * (node - siblings[1]);
    // The four are the node and its siblings in some order, so the second is what is left.
    var second = node + siblings[0] + siblings[1] + siblings[2] - zeroth - first - third;

    out <== Poseidon(4)([zeroth, first, second, third]);
}

// The root that a path of DEPTH levels leads to. The index is below 4^DEPTH: it has 2 × DEPTH bits, which name the places.
template Root(DEPTH) {
    signal input leaf;
    signal input index;
    signal input siblings[DEPTH][3];
    signal output out;

    signal places[2 * DEPTH] <== Num2Bits(2 * DEPTH)(index);

    signal nodes[DEPTH + 1];
    nodes[0] <== leaf;
    for (var level = 0; level < DEPTH; level++) {
        nodes[level + 1] <== Parent()(nodes[level], siblings[level], [places[2 * level], places[2 * level + 1]]);
    }
    out <== nodes[DEPTH];
}
