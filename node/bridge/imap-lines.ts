/** Commands out of the bytes of a connection: lines, with the literals that are announced in them (RFC 3501 §4.3, RFC 7888). */

/** A command with its literals, in Latin-1; or why it is none, after which nothing of the connection can be understood. */
type Read = { readonly text: string } | { readonly tooLong: string }

const lineMax = 64 * 1024

type Limits = { readonly literalMax: number }

/**
 * Commands in the order in which they come. `goOn` tells the other side that a literal is waited for; `limits` is asked for
 * each, as it depends on who is at the other side.
 */
export async function* commandsIn(
  stream: AsyncIterable<Buffer>,
  { goOn, limits }: { readonly goOn: () => void; readonly limits: () => Limits },
): AsyncGenerator<Read> {
  const source = stream[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  /** At least so many bytes, or a line; undefined where the connection ends before. */
  const fill = async (): Promise<boolean> => {
    const { value, done } = await source.next()
    if (done) return false
    rest = rest.length === 0 ? value : Buffer.concat([rest, value])
    return true
  }
  for (;;) {
    const pieces: string[] = []
    let isOver = false
    while (!isOver) {
      let end = rest.indexOf('\n')
      while (end < 0) {
        if (rest.length > lineMax) return yield { tooLong: 'The line is too long' }
        if (!(await fill())) return
        end = rest.indexOf('\n')
      }
      const line = rest.toString('latin1', 0, end + 1)
      rest = rest.subarray(end + 1)
      const [, length, plus] = /\{(\d{1,9})(\+?)\}\r?\n$/.exec(line) ?? []
      if (length === undefined) {
        pieces.push(line.replace(/\r?\n$/, ''))
        isOver = true
        continue
      }
      const bytes = Number(length)
      if (bytes > limits().literalMax)
        return yield { tooLong: `At most ${limits().literalMax} bytes are taken at once` }
      pieces.push(line.replace(/\r?\n$/, '\r\n'))
      if (plus === '') goOn()
      // Collected apart: putting pieces together one by one would copy a large message again and again.
      const taken: Buffer[] = [rest.subarray(0, bytes)]
      let missing = bytes - taken[0]!.length
      rest = rest.subarray(taken[0]!.length)
      while (missing > 0) {
        if (!(await fill())) return
        const piece = rest.subarray(0, missing)
        taken.push(piece)
        missing -= piece.length
        rest = rest.subarray(piece.length)
      }
      pieces.push(Buffer.concat(taken).toString('latin1'))
    }
    yield { text: pieces.join('') }
  }
}
