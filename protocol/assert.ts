/** What must hold whatever anybody sends us. Where it does not, the program is wrong, and stops. */
export function assert(condition: boolean, whatHolds: string): asserts condition {
  if (!condition) throw new Error(`bug: it should hold that ${whatHolds}`)
}
