/** Compiling Solidity, so that the same source is always the same bytes. */
import { createRequire } from 'node:module'

// The compiler is a CommonJS package without types.
const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string; version(): string }

/** What becomes of a contract: what can be called, and the bytes that make one, in hex. */
type Compiled = { readonly abi: readonly unknown[]; readonly bytecode: `0x${string}` }

/** What is asked of the compiler besides the source. The pipeline through Yul has room for what one function reads. */
export const settings = {
  viaIR: true,
  optimizer: { enabled: true, runs: 100_000 },
  evmVersion: 'osaka',
  // Without it the bytes would depend on comments.
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
} as const

/** The compiler's name, with its commit. */
export const compiler = solc.version()

/** What it warns of whoever uses transient storage at all: ours is a lock that is cleared, and marks that are never used twice. */
const transientStorage = '2394'

/** Compile a contract of a source. Throws what the compiler says, warnings included. */
export function compile(source: string, contract: string): Compiled {
  const input = {
    language: 'Solidity',
    sources: { source: { content: source } },
    settings: { ...settings, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as {
    errors?: { errorCode: string; formattedMessage: string }[]
    contracts?: { source: Record<string, { abi: unknown[]; evm: { bytecode: { object: string } } }> }
  }
  const compiled = output.contracts?.source[contract]
  const errors = output.errors?.filter(({ errorCode }) => errorCode !== transientStorage) ?? []
  if (errors.length > 0 || !compiled) throw new Error(errors.map((error) => error.formattedMessage).join('\n'))
  return { abi: compiled.abi, bytecode: `0x${compiled.evm.bytecode.object}` }
}
