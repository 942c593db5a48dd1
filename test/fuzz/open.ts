/** The fuzzers by their names, each with what has to be closed when it is over. */
import type { Fuzzer } from './run.ts'

type Opened = { readonly fuzzer: Fuzzer; close(): Promise<void> }

const fuzzers: Readonly<Record<string, () => Promise<Opened>>> = {
  async decoders() {
    const { decoders } = await import('./decoders.ts')
    return { fuzzer: decoders(), close: async () => undefined }
  },
  async streams() {
    const { openStreams } = await import('./streams.ts')
    return openStreams()
  },
  async api() {
    const { openApiFuzzer } = await import('./api.ts')
    return openApiFuzzer()
  },
}

/** What they are called. */
export const fuzzerNames: readonly string[] = Object.keys(fuzzers)

/** Open one of them. */
export const openFuzzer = (name: string): Promise<Opened> => fuzzers[name]!()
