/** How the work on trees grows: a leaf appended to a tree of identities, and the tree of an epoch's verdicts at its close. */
import { createHash } from 'node:crypto'
import { openVerdictTrees } from '../../node/proofs/verdict-thread.ts'
import { numberOf20 } from '../../protocol/field.ts'
import { append, type Edge, rootOf, trees } from '../../protocol/tree.ts'
import { digits, spent, tell } from './measure.ts'

export type TreeGrowth = {
  /** Milliseconds to append a leaf, and to find the root after it, in a tree that holds so many. */
  readonly appends: readonly { readonly leaves: number; readonly appendMs: number; readonly rootMs: number }[]
  /** Seconds of the thread to build the tree of an epoch with so many keys, and milliseconds a key. */
  readonly verdicts: readonly { readonly keys: number; readonly seconds: number; readonly msPerKey: number }[]
}

const appended = 256

export async function treeGrowth({ isQuick }: { isQuick: boolean }): Promise<TreeGrowth> {
  const sizes = isQuick ? [100, 1_000, 10_000] : [100, 1_000, 10_000, 100_000]
  const appends = []
  for (const leaves of [...sizes, 1_000_000, 1_000_000_000]) appends.push({ leaves, ...(await appendingTo(leaves)) })
  const builder = openVerdictTrees()
  const verdicts = []
  await builder.build(sumsOf(10), []) // warm
  for (const keys of sizes) {
    tell(`proofs: a verdict tree of ${keys} keys`)
    const sums = sumsOf(keys)
    const { cpuMs } = await spent(async () => void (await builder.build(sums, [])))
    verdicts.push({ keys, seconds: digits(cpuMs / 1000), msPerKey: digits(cpuMs / keys) })
  }
  await builder.close()
  return { appends, verdicts }
}

async function appendingTo(leaves: number): Promise<{ appendMs: number; rootMs: number }> {
  const { depth } = trees.identities
  let edge = edgeOf(leaves, depth)
  const adding = await spent(() => {
    for (let number = 0; number < appended; number++) edge = append(edge, BigInt(number + 1), depth).edge
  })
  const finding = await spent(() => {
    for (let number = 0; number < 32; number++) rootOf(edge, depth)
  })
  return { appendMs: digits(adding.cpuMs / appended), rootMs: digits(finding.cpuMs / 32) }
}

/** The right edge of a tree with so many leaves: what its nodes are makes no difference to the work. */
const edgeOf = (count: number, depth: number): Edge => ({
  count,
  levels: Array.from({ length: depth }, (_, level) =>
    Array.from({ length: Math.floor(count / 4 ** level) % 4 }, (_, place) => BigInt(level * 4 + place + 1)),
  ),
})

const sumsOf = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    key: numberOf20(createHash('shake128', { outputLength: 20 }).update(String(at)).digest()),
    positive: BigInt(at) << 16n,
    negative: BigInt(at % 7) << 16n,
  }))
