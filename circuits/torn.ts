/** Whether a file of snarkjs is all there: where a disk is full it may end a file early, and not say so. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/**
 * Throw where a file of powers or keys ends before or after its last section. After 12 bytes, of which the last 4 count
 * them, come sections: 4 bytes of number, 8 of length, little-endian, and so many bytes.
 */
export function refuseTorn(path: string): void {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const read = (at: number): Buffer => {
      const bytes = Buffer.alloc(12)
      readSync(file, bytes, 0, 12, at)
      return bytes
    }
    let end = 12
    for (let sections = read(0).readUInt32LE(8); sections > 0 && end <= size; sections--)
      end += 12 + Number(read(end).readBigUInt64LE(4))
    if (end !== size || size === 12)
      throw new Error(`${path} is not whole: is the disk full? Make room, and run it again; it goes on.`)
  } finally {
    closeSync(file)
  }
}
