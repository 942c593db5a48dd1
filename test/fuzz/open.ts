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

/** Open one. Throws where there is none of that name. */
export function openFuzzer(name: string): Promise<Opened> {
  const open = fuzzers[name]
  if (!open) throw new Error(`There is no fuzzer “${name}”. There are: ${Object.keys(fuzzers).join(', ')}.`)
  return open()
}
