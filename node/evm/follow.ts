/**
 * Following the contract's log. What is in a final block is delivered in its order, once, and its root is held against the
 * contract's. What is in later blocks may go again: it is shown, read anew each time, and nothing is made of it.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes } from '../../protocol/codec.ts'
import { type Block, type ChainEntry, ChainError, type ChainSettings, type Endpoint } from './endpoint.ts'
import { postRoot } from './frames.ts'

/** How far the log was followed: the last block of which everything was delivered. */
type Cursor = Pick<Block, 'number' | 'hash'>

type Options = {
  readonly settings: Pick<ChainSettings, 'chainId' | 'contract' | 'startBlock'>
  /** At least one; where there are more they have to agree. */
  readonly endpoints: readonly [Endpoint, ...Endpoint[]]
  /** Where it stands on disk. */
  readonly cursor: { read(): Promise<Cursor | undefined>; write(cursor: Cursor): Promise<void> }
  /** The number of the last entry that was delivered. */
  readonly delivered: () => bigint
  /** Make an entry final; says of each operation of a post whether custody moved for it. */
  readonly deliver: (entry: ChainEntry) => Promise<readonly boolean[]>
}

export function createFollower({ settings, endpoints, cursor, delivered, deliver }: Options) {
  const [first] = endpoints
  let tentative: readonly ChainEntry[] = []
  let isChecked = false
  let stopped: ChainError | undefined

  const stop = (sentence: string): never => {
    stopped = new ChainError(sentence)
    throw stopped
  }

  /** Whether every endpoint is of the right chain, and the contract is there. Asked once. */
  async function check(): Promise<void> {
    const { chainId, contract } = settings
    for (const { name, client, asked } of endpoints) {
      const id = await asked(() => client.getChainId())
      if (id !== chainId)
        throw new ChainError(
          `The endpoint ${name} is of chain ${id}, and this network is on chain ${chainId}. Name an endpoint of that chain as \`rpc\` in bmail.toml.`,
        )
      if (!(await asked(() => client.getCode({ address: contract }))))
        throw new ChainError(
          `There is no contract at ${contract} for the endpoint ${name}. It may be behind: it is asked again by itself; or the network file names another place than where the contract is.`,
        )
    }
    isChecked = true
  }

  /** The last block that is final for every endpoint. */
  async function finalBlock(): Promise<Block> {
    const blocks = await Promise.all(endpoints.map((endpoint) => endpoint.final()))
    const least = blocks.reduce((a, b) => (b.number < a.number ? b : a))
    for (const { name, blockAt } of endpoints) {
      const theirs = await blockAt(least.number)
      if (theirs.hash !== least.hash)
        stop(
          `Two endpoints of the chain disagree on the final block ${least.number}: one says ${least.hash.slice(0, 18)}…, ${name} ${theirs.hash.slice(0, 18)}…. One of them lies or is of another chain. Nothing is followed until \`rpc\` in bmail.toml names those that are right, and the daemon was started again.`,
        )
    }
    return least
  }

  async function follow(final: Block): Promise<void> {
    const known = await cursor.read()
    if (known) {
      // An endpoint that lags shows an earlier block as final: what is delivered stays.
      if (known.number > final.number) return
      const same = await first.blockAt(known.number)
      if (same.hash !== known.hash)
        stop(
          `The chain has another block ${known.number} than the one that was final here: it took back what it had called final, or the endpoint is of another chain. Nothing is followed any more. Check \`rpc\` in bmail.toml; if the chain itself went back, make the ledger anew (\`bmail doctor --repair\`).`,
        )
    }
    const after = known?.number ?? settings.startBlock - 1n
    const entries = await first.entries({ after, to: final.number })
    for (const entry of entries) {
      // It was delivered before a crash kept the cursor from being written.
      if (entry.entry <= delivered()) continue
      if (entry.entry !== delivered() + 1n) stop(missing(delivered() + 1n, first.name))
      await take(entry)
    }
    for (const endpoint of endpoints) {
      const count = await endpoint.count(final)
      if (count !== delivered()) stop(missing(delivered() + 1n, endpoint.name))
    }
    await cursor.write(final)
  }

  async function take(entry: ChainEntry): Promise<void> {
    const settled = await deliver(entry)
    if (entry.kind === 'deposit') return
    const root = postRoot(entry.ops, settled)
    if (!equalBytes(root, entry.root))
      stop(
        `This daemon and the contract differ on entry ${entry.entry} of the log: the contract’s root is ${bytesToHex(entry.root).slice(0, 16)}…, this ledger’s ${bytesToHex(root).slice(0, 16)}…. The contract’s balances are what counts, so nothing is replayed any more; install the bmail that the network runs, and make the ledger anew (\`bmail doctor --repair\`).`,
      )
  }

  return {
    /** Deliver what became final, and look at what is not yet; returns the last final block. Throws ChainError. */
    async round(): Promise<Block> {
      if (stopped) throw stopped
      if (!isChecked) await check()
      const final = await finalBlock()
      await follow(final)
      const head = await first.head()
      tentative = head.number > final.number ? await first.entries({ after: final.number, to: head.number }) : []
      return final
    },
    /** Why nothing is followed until the daemon is started again; nothing where it is. */
    stopped: (): string | undefined => stopped?.message,
    /** What is in blocks that are not final. */
    tentative: (): readonly ChainEntry[] => tentative,
  }
}

const missing = (entry: bigint, endpoint: string): string =>
  `The endpoint ${endpoint} does not show entry ${entry} of the contract’s log, although it counts it: it keeps no old blocks, it lies, or the network file names too late a block to begin with. Nothing is followed until \`rpc\` in bmail.toml names an endpoint that has the whole log, and the daemon was started again.`
