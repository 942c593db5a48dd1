/** Proofs: making and verifying them, the trees behind them, and what a message costs under a pass, as ratios. */
import { circuits, loadArtifacts } from '../../node/proofs/artifacts.ts'
import type { Circuit } from '../../protocol/statement.ts'
import { digits, tell } from './measure.ts'
import { type CircuitCost, type OtherCost, proofCosts, type Verifying } from './proofs-cost.ts'
import { type MessageCost, messageCost } from './proofs-message.ts'
import { type TreeGrowth, treeGrowth } from './proofs-trees.ts'
import type { Section } from './section.ts'

type Proofs = {
  readonly setUp: string
  readonly circuits: Readonly<Record<Circuit, CircuitCost>>
  readonly rln: OtherCost
  readonly message: MessageCost
  /** How many times as much a rate-limiting nullifier's proof costs as a message under a pass, checked by `apply`. */
  readonly ratios: Readonly<Record<keyof Verifying, number>>
  /** The same against the signature alone. */
  readonly signatureRatios: Readonly<Record<keyof Verifying, number>>
  readonly trees: TreeGrowth
  readonly published: typeof published
}

/** What others publish of theirs, measured by them on machines of theirs. */
const published = [
  { what: 'transition, as UniRep has it', constraints: 33_726, source: 'UniRep v2, its circuits as published' },
  { what: 'epoch key', constraints: 6_279, source: 'UniRep v2, its circuits as published' },
  {
    what: 'proving',
    ms: '166 to 311',
    source: 'Semaphore v4, docs.semaphore.pse.dev/benchmarks: Node on an Apple M2 Pro',
  },
  { what: 'verifying', ms: '8.8', source: 'Semaphore v4, docs.semaphore.pse.dev/benchmarks: Node on an Apple M2 Pro' },
] as const

export const proofs: Section<Proofs> = {
  title:
    'Proofs: making, verifying, the trees behind them, and a message under a pass against a proof with each message',
  async run({ isQuick }) {
    const artifacts = loadArtifacts()
    const { ours, rln } = await proofCosts(artifacts, { isQuick })
    tell('proofs: messages under a pass')
    const message = await messageCost({ rounds: isQuick ? 3 : 9 })
    return {
      setUp: artifacts.worth.text,
      circuits: ours,
      rln,
      message,
      ratios: timesOf(rln.verify, message.applyMs),
      signatureRatios: timesOf(rln.verify, message.signatureMs),
      trees: await treeGrowth({ isQuick }),
      published,
    }
  },
  tables: ({ circuits: of, rln, message, ratios, signatureRatios, trees }) => [
    [
      ['circuit', 'constraints', 'signals', 'key MB', 'witness ms', 'prove ms', 'process CPU ms', 'peak MB'],
      ...circuits.map((circuit) => {
        const { constraints, signals, zkeyMegabytes, witnessMs, proveMs, processCpuMs, peakMegabytes } = of[circuit]
        return [circuit, constraints, signals, zkeyMegabytes, witnessMs, proveMs, processCpuMs, peakMegabytes]
      }),
      ['nullifier a message', rln.constraints, rln.signals, '', '', '', '', ''],
    ],
    [
      ['verify, CPU ms each', 'snarkjs', 'alone', 'of 8', 'of 64', 'in signatures, of 64'],
      ...circuits.map((circuit) => verifyRow(circuit, of[circuit].verify, message)),
      verifyRow('nullifier a message', rln.verify, message),
    ],
    [
      ['a message under a pass', 'CPU ms', 'nullifier by snarkjs', 'alone', 'of 8', 'of 64'],
      ['signature alone', message.signatureMs, ...timesRow(signatureRatios)],
      ['doorway and apply', message.applyMs, ...timesRow(ratios)],
      ['as gossip checks it', message.gossipMs, ...timesRow(timesOf(rln.verify, message.gossipMs))],
    ],
    [
      ['leaves', 'append ms', 'root ms'],
      ...trees.appends.map(({ leaves, appendMs, rootMs }) => [leaves, appendMs, rootMs]),
    ],
    [
      ['keys of an epoch', 'verdict tree s', 'ms a key'],
      ...trees.verdicts.map(({ keys, seconds, msPerKey }) => [keys, seconds, msPerKey]),
    ],
    [['published by others', 'figure', 'source'], ...published.map(publishedRow)],
  ],
  notes: ({ setUp }) => [
    `The keys are of the ${setUp}.`,
    '“a message under a pass”: how many times as much it costs to verify the proof that a rate-limiting nullifier (rln.circom,',
    'written here from its specification) has with each message. “of 64” needs 64 messages at hand that can wait for each other.',
    'CPU ms are of all cores together. Making a proof is on the clock, with all cores, in a process of its own.',
  ],
}

const verifyRow = (name: string, { snarkjsMs, aloneMs, of8Ms, of64Ms }: Verifying, { signatureMs }: MessageCost) => [
  name,
  snarkjsMs,
  aloneMs,
  of8Ms,
  of64Ms,
  digits(of64Ms / signatureMs),
]

const timesRow = ({ snarkjsMs, aloneMs, of8Ms, of64Ms }: Readonly<Record<keyof Verifying, number>>) =>
  [snarkjsMs, aloneMs, of8Ms, of64Ms].map((times) => `×${times}`)

const timesOf = ({ snarkjsMs, aloneMs, of8Ms, of64Ms }: Verifying, ms: number) => ({
  snarkjsMs: digits(snarkjsMs / ms),
  aloneMs: digits(aloneMs / ms),
  of8Ms: digits(of8Ms / ms),
  of64Ms: digits(of64Ms / ms),
})

const publishedRow = (row: (typeof published)[number]) => [
  row.what,
  'constraints' in row ? `${row.constraints} constraints` : `${row.ms} ms`,
  row.source,
]
