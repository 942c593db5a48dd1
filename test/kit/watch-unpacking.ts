/**
 * Brought in before a daemon (`node --import`): writes a line to its log when its main thread unpacks anything by Brotli.
 * Threads do not bring it in.
 */
import { syncBuiltinESMExports } from 'node:module'
import { isMainThread } from 'node:worker_threads'
import zlib from 'node:zlib'

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

if (isMainThread) {
  for (const name of ['brotliDecompress', 'brotliDecompressSync', 'createBrotliDecompress'] as const) {
    const real = zlib[name] as (...given: unknown[]) => unknown
    const value = (...given: unknown[]) => {
      say({ unpacking: name })
      return real(...given)
    }
    Object.defineProperty(zlib, name, { value })
  }
  syncBuiltinESMExports()
  // Seen by whoever imports it by its name, as the daemon does.
  const { brotliDecompressSync } = await import('node:zlib')
  try {
    brotliDecompressSync(new Uint8Array(0))
  } catch {
    say({ watching: true })
  }
}
