/** The version of everything that is sent, stored as sent, or hashed. */

/**
 * One byte in front of operations, headers and envelopes, and a part of every name that nodes meet under. Whoever changes
 * what any of them, or any hash, is made of raises it, makes the vectors anew (`npm run vectors -- --raise`), and says so
 * in CHANGELOG.md. Nodes of two versions do not meet, and a log of one version is replayed by that version alone.
 */
export const wireVersion = 8
