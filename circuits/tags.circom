// What each Poseidon hash of ours is for: a small integer, always the first input, so that a value made for one purpose
// never means anything for another. Twin: `domains` in protocol/poseidon.ts, tested equal.
// Nodes of trees carry no tag: they are the only hashes of four inputs whose first is no small integer, and a leaf is
// only ever taken at the bottom of a tree of fixed depth, so neither can be shown as the other.
pragma circom 2.2.0;

function TAG_COMMITMENT() { return 1; }
function TAG_FIRST() { return 2; }
function TAG_LEAF() { return 3; }
function TAG_KEY() { return 4; }
function TAG_SCOPE() { return 5; }
function TAG_NULLIFIER() { return 6; }
function TAG_ROW() { return 7; }
function TAG_STAMP() { return 8; }
function TAG_NOTE() { return 9; }
function TAG_STAMP_NULLIFIER() { return 10; }
