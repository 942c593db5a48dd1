/** LevelDB's numbers of variable length: seven bits a byte, the lowest first. Throws above 2^53, or past the end. */
export function varint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0
  for (let [next, scale] = [at, 1]; ; next++, scale *= 128) {
    const byte = bytes[next]
    if (byte === undefined || scale > 2 ** 49) throw new RangeError('no number ends here')
    value += (byte & 127) * scale
    if (byte < 128) return { value, next: next + 1 }
  }
}
