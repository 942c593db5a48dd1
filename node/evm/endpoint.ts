/**
 * One endpoint of a chain: what the contract's log says, block by block. Everything is asked with a deadline, and again
 * where it fails; what still fails then throws `ChainError`, whose message is a sentence for people.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import {
  createPublicClient,
  decodeEventLog,
  decodeFunctionData,
  encodeFunctionData,
  type Hex,
  http,
  type Log,
  type PublicClient,
} from 'viem'
import { custodyAbi } from './abi.ts'
import { opsOf } from './frames.ts'

/** What a chain does that keeps its anchor from working: what it is and what to do, in a sentence. */
export class ChainError extends Error {
  override name = 'ChainError'
}

/** Which contract on which chain orders the log, and which blocks count as final. */
export type ChainSettings = {
  readonly chainId: number
  /** 20 bytes in hex, after 0x. */
  readonly contract: Hex
  /** No entry is in a block before it. */
  readonly startBlock: bigint
  /** What the chain calls final; or so many blocks behind its head. */
  readonly finality: 'finalized' | { readonly depth: bigint }
}

/** A block. `time` is in milliseconds since 1970. */
export type Block = { readonly number: bigint; readonly hash: Hex; readonly time: bigint }

/** An entry of the contract's log: they are counted from 1, and posts and deposits stand in one row. */
export type ChainEntry = { readonly entry: bigint; readonly block: Block; readonly transaction: Hex } & (
  | { readonly kind: 'post'; readonly ops: readonly Uint8Array[]; readonly root: Uint8Array }
  | {
      readonly kind: 'deposit'
      readonly to: Uint8Array
      readonly from: Uint8Array
      readonly amount: bigint
    }
)

const requestMs = 10_000
const retries = 4
const retryMs = 250
/** How many blocks are asked for at a time. */
const blocksAtOnce = 1_000n

export type Endpoint = ReturnType<typeof createEndpoint>

export function createEndpoint(url: string, { contract, finality, startBlock }: Omit<ChainSettings, 'chainId'>) {
  const client: PublicClient = createPublicClient({
    transport: http(url, { timeout: requestMs, retryCount: retries, retryDelay: retryMs }),
    cacheTime: 0,
  })
  const name = nameOf(url)

  const asked = async <T>(question: () => Promise<T>): Promise<T> => {
    try {
      return await question()
    } catch (cause) {
      if (cause instanceof ChainError) throw cause
      const { shortMessage, message } = cause as Error & { shortMessage?: string }
      const why = (shortMessage ?? message).split('\n')[0]
      throw new ChainError(
        `The chain’s endpoint ${name} does not answer as it should (${why}). It is asked again by itself; if it stays so, check \`rpc\` in bmail.toml, or name another endpoint.`,
        { cause },
      )
    }
  }

  const blockOf = ({
    number,
    hash,
    timestamp,
  }: {
    number: bigint | null
    hash: Hex | null
    timestamp: bigint
  }): Block => {
    if (number === null || hash === null)
      throw new ChainError(`The chain’s endpoint ${name} shows a block that is none.`)
    return { number, hash, time: timestamp * 1_000n }
  }

  const blockAt = (blockNumber: bigint): Promise<Block> =>
    asked(async () => blockOf(await client.getBlock({ blockNumber })))

  /** What a log of the contract says, in a block that was asked for by the log's own hash. */
  async function entryOf(log: Log, block: Block): Promise<ChainEntry | undefined> {
    const { eventName, args } = decodeEventLog({ abi: custodyAbi, data: log.data, topics: log.topics })
    const transaction = log.transactionHash!
    if (eventName === 'Deposited') {
      const { entry, to, from, amount } = args
      return { kind: 'deposit', entry, block, transaction, to: bytesIn(to), from: bytesIn(from), amount }
    }
    if (eventName !== 'Posted') return undefined
    const { input } = await client.getTransaction({ hash: transaction })
    const call = decodeFunctionData({ abi: custodyAbi, data: input })
    if (call.functionName !== 'post') throw new ChainError(`The chain’s endpoint ${name} shows a post that is none.`)
    const { entry, root } = args
    return { kind: 'post', entry, block, transaction, ops: opsOf(bytesIn(call.args[0])), root: bytesIn(root) }
  }

  return {
    name,
    client,
    asked,
    blockAt,
    head: (): Promise<Block> => asked(async () => blockOf(await client.getBlock({ blockTag: 'latest' }))),
    /** The last block that counts as final; the first of all where none does yet. */
    final: (): Promise<Block> =>
      asked(async () => {
        if (finality === 'finalized') return blockOf(await client.getBlock({ blockTag: 'finalized' }))
        const { number } = blockOf(await client.getBlock({ blockTag: 'latest' }))
        return blockAt(number > finality.depth ? number - finality.depth : 0n)
      }),
    /** The entries in the blocks after one and up to another, in their order. */
    entries: ({ after, to }: { readonly after: bigint; readonly to: bigint }): Promise<ChainEntry[]> =>
      asked(async () => {
        const entries: ChainEntry[] = []
        const first = after + 1n > startBlock ? after + 1n : startBlock
        for (let from = first; from <= to; from += blocksAtOnce) {
          const last = from + blocksAtOnce - 1n < to ? from + blocksAtOnce - 1n : to
          for (const log of await client.getLogs({ address: contract, fromBlock: from, toBlock: last })) {
            const block = blockOf(await client.getBlock({ blockHash: log.blockHash! }))
            const entry = await entryOf(log, block)
            if (entry) entries.push(entry)
          }
        }
        return entries
      }),
    /** How many entries there were at a block; none before the contract was there. */
    count: ({ number: blockNumber }: Pick<Block, 'number'>): Promise<bigint> =>
      asked(async () => {
        if (!(await client.getCode({ address: contract, blockNumber }))) return 0n
        const call = { address: contract, abi: custodyAbi, functionName: 'totals', blockNumber } as const
        return BigInt((await client.readContract(call))[4])
      }),
    /** What the contract would make of a batch now, a flag for each of its frames. */
    simulate: (batch: Uint8Array, from: Hex): Promise<boolean[]> =>
      asked(async () => {
        const call = { address: contract, abi: custodyAbi, functionName: 'post', args: [hexOf(batch)] } as const
        const { result } = await client.simulateContract({ ...call, account: from, blockTag: 'pending' })
        return [...bytesIn(result)].map((flag) => flag === 1)
      }),
    /** The call of a post, as a transaction has it. */
    callOf: (batch: Uint8Array): Hex =>
      encodeFunctionData({ abi: custodyAbi, functionName: 'post', args: [hexOf(batch)] }),
  }
}

/** The place of an endpoint without what may be secret in its path: a host, and a port where it has one. */
const nameOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'of the settings')

export const bytesIn = (hex: Hex): Uint8Array => hexToBytes(hex.slice(2))
export const hexOf = (bytes: Uint8Array): Hex => `0x${bytesToHex(bytes)}`
