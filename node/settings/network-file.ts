/** The network file: rules and genesis as JSON that people read, change, and hand to each other. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { faultsOf } from '../../protocol/faults.ts'
import { type Genesis, networkId, type Rules } from '../../protocol/rules.ts'
import { presets } from './presets.ts'
import { address, amount, hex, list, record, ShapeError, text, whole, word } from './shape.ts'

/** A network as its file has it. */
export type NetworkFile = { readonly rules: Rules; readonly genesis: Genesis }

/** A network file that cannot be used; each line of the message is one thing to mend. */
export class NetworkFileError extends Error {
  override name = 'NetworkFileError'
}

const u8 = whole(255)
const u16 = whole(65_535)
const u32 = whole(2 ** 32 - 1)

const shape = record<{ rules: Rules; genesis: Genesis }>({
  rules: record<Rules>({
    version: u32,
    name: text(64),
    coin: record({ name: text(12), decimals: u8 }),
    // No node follows a chain yet.
    anchor: word<Rules['anchor']>('embedded'),
    hostKey: hex(33),
    operators: list(record({ address, weight: u16 })),
    keepers: record({
      version: u32,
      threshold: u8,
      members: list(record({ address, weight: u16, lockKey: hex(32), signingKey: hex(33) })),
    }),
    batchIntervalMs: u32,
    batchOpsMax: u32,
    clockSkewMs: u32,
    epochMs: amount,
    expiryMaxMs: u32,
    ackWindowEpochs: u8,
    mailShards: u8,
    sizeClassMax: u8,
    recipientsMax: u8,
    price: record({ start: amount, floor: amount, ceiling: amount, target: amount, intervalMs: u32, step: amount }),
    lifetimes: list(record({ days: u16, factor: amount })),
    recipientFactor: amount,
    correspondence: record({ first: amount, exchange: amount, patience: u8, decay: amount }),
    resources: record({ letter: amount, recipient: amount, unit: amount }),
    reputation: record({
      factors: list(amount),
      strangers: list(amount),
      badName: amount,
      ackWeights: list(amount),
      kappa: amount,
      lambda: amount,
      abuse: amount,
      countedMax: amount,
      scores: list(amount),
      negatives: list(amount),
      decay: amount,
      valueBudget: amount,
      flagBudget: amount,
      flagMax: amount,
      keysPerEpoch: u8,
      passGraceMs: u32,
    }),
    identity: record({
      setUp: hex(32),
      enrolFee: amount,
      passFee: amount,
      passStep: u32,
      verdictDelayMs: u32,
      checkpoints: u8,
      endorsements: list(amount),
      endorsementReserve: amount,
      stamps: list(amount),
    }),
    burnShare: amount,
    operatorsShare: amount,
    inclusionFee: amount,
    reserve: amount,
    policyTierMax: u8,
    policyFeeMax: amount,
  }),
  genesis: record<Genesis>({ time: amount, salt: hex(32), grants: list(record({ address, amount })) }),
})

/** Read a network file's text. Throws NetworkFileError, which names every fault of the rules at once. */
export function parseNetworkFile(json: string): NetworkFile {
  let file: NetworkFile
  try {
    file = shape.read(JSON.parse(json), '')
  } catch (cause) {
    if (!(cause instanceof ShapeError || cause instanceof SyntaxError)) throw cause
    // What a parser says may quote the file, line breaks and all.
    const said = cause.message.replaceAll(/\s+/g, ' ')
    const what = cause instanceof ShapeError ? said : `it is not JSON (${said})`
    throw new NetworkFileError(`The network file cannot be used: ${what}`, { cause })
  }
  const faults = faultsOf(file.rules, file.genesis)
  if (faults.length > 0)
    throw new NetworkFileError(`The network file cannot be used:\n${faults.map((fault) => `- ${fault}`).join('\n')}`)
  return file
}

/** The text of a network file. */
export const formatNetworkFile = (file: NetworkFile): string => `${JSON.stringify(networkJson(file), undefined, 2)}\n`

/** A network as JSON values. */
export const networkJson = ({ rules, genesis }: NetworkFile): unknown => shape.write({ rules, genesis })

/** The network's id as text. */
export const idOf = ({ rules, genesis }: NetworkFile): string => bytesToHex(networkId(rules, genesis))

/** Who runs a new network, and who holds what when it begins. */
export type Founding = Pick<Rules, 'name' | 'hostKey' | 'operators' | 'keepers'> & {
  readonly preset: string
  readonly genesis: Genesis
  /** Numbers that differ from the preset. */
  readonly changes?: Partial<Rules>
  /** The id of a set-up of the proofs that is not the program's own. */
  readonly setUp?: Uint8Array
}

/** A network out of a preset. Throws NetworkFileError where it could not be lived by. */
export function foundNetwork({ preset, genesis, changes, setUp, ...people }: Founding): NetworkFile {
  const numbers = presets[preset]
  if (!numbers)
    throw new NetworkFileError(`There is no preset “${preset}”. Choose one of: ${Object.keys(presets).join(', ')}.`)
  const { identity, ...rules } = { ...numbers, ...people, ...changes }
  return parseNetworkFile(
    formatNetworkFile({ rules: { ...rules, identity: { ...identity, ...(setUp && { setUp }) } }, genesis }),
  )
}
