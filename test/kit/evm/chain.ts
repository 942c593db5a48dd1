/** A real chain for tests: anvil in a process of its own, what is asked of it, and the contract on it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { concatBytes } from '@noble/hashes/utils.js'
import {
  type Abi,
  bytesToHex,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  type Hex,
  numberToHex,
} from 'viem'
import { custodyAbi } from '../../../node/evm/abi.ts'
import { until } from '../patience.ts'

/** The contract that is committed. */
export const committed = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../node/evm/Custody.json'), 'utf8'),
) as { readonly bytecode: Hex }

/** What a transaction came to. */
export type Receipt = {
  readonly status: Hex
  readonly gasUsed: Hex
  readonly contractAddress: Hex | null
  readonly blockNumber: Hex
  readonly logs: readonly { readonly topics: [Hex, ...Hex[]]; readonly data: Hex }[]
}
type Transaction = { readonly from?: Hex; readonly to?: Hex; readonly data?: Hex; readonly value?: bigint }

export type Chain = Awaited<ReturnType<typeof startChain>>

/** A transaction's most gas (EIP-7825). */
const gasMax = 2n ** 24n

/** Start a chain by the rules of a hard fork. `stop` ends it. */
export async function startChain({ hardfork = 'osaka' } = {}) {
  const program = createRequire(import.meta.url)
    .resolve('@foundry-rs/anvil/package.json')
    .replace('package.json', 'bin.mjs')
  const child = spawn(process.execPath, [program, '--port', '0', '--hardfork', hardfork, '--accounts', '5'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = `http://${await listening(child)}`
  const ask = (body: unknown): Promise<Response> =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

  /** Ask once. Throws what the chain says. */
  async function rpc<T>(method: string, ...params: unknown[]): Promise<T> {
    const answer = (await (await ask({ jsonrpc: '2.0', id: 1, method, params })).json()) as Answer
    return resultOf(answer) as T
  }
  const accounts = await rpc<Hex[]>('eth_accounts')
  const [own] = accounts as [Hex, ...Hex[]]

  /** Have a transaction mined. Says what it came to, which may be nothing. */
  async function send({ value = 0n, from = own, ...transaction }: Transaction): Promise<Receipt> {
    const asked = { from, value: numberToHex(value), gas: numberToHex(gasMax - 1n), ...transaction }
    const hash = await rpc<Hex>('eth_sendTransaction', asked)
    return until('a transaction is mined', () => rpc<Receipt | null>('eth_getTransactionReceipt', hash))
  }

  /** What a transaction would answer. Throws with why it would revert. */
  const call = ({ value = 0n, from = own, ...transaction }: Transaction, at = 'latest'): Promise<Hex> =>
    rpc('eth_call', { from, value: numberToHex(value), gas: numberToHex(gasMax - 1n), ...transaction }, at)

  return {
    url,
    accounts,
    rpc,
    send,
    call,
    /** Words of storage, all at once. */
    async words(of: Hex, slots: readonly Hex[]): Promise<bigint[]> {
      const asked = slots.map((slot, id) => ({
        jsonrpc: '2.0',
        id,
        method: 'eth_getStorageAt',
        params: [of, slot, 'latest'],
      }))
      const answers = (await (await ask(asked)).json()) as Answer[]
      return answers.sort((a, b) => a.id - b.id).map((answer) => BigInt(resultOf(answer) as Hex))
    },
    /** Make a contract. Throws with why it is refused. */
    async deploy(abi: Abi, bytecode: Hex, args: readonly unknown[]): Promise<Hex> {
      const data = encodeDeployData({ abi, bytecode, args })
      const { status, contractAddress } = await send({ data })
      if (status !== '0x1' || !contractAddress)
        throw new Error(await call({ data }).catch(({ message }: Error) => message))
      return contractAddress
    },
    async stop() {
      child.kill()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

type Answer = { readonly id: number; readonly result?: unknown; readonly error?: { readonly message: string } }
function resultOf({ result, error }: Answer): unknown {
  if (error) throw new Error(error.message)
  return result
}

/** Where anvil listens, as it says itself. */
async function listening(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const [, place] = /^Listening on (\S+)$/.exec(line) ?? []
    if (!place) continue
    // Whatever it says later is nobody's.
    child.stdout!.resume()
    return place
  }
  throw new Error('anvil ended before it listened')
}

/** How a network's money is held. */
export type Terms = {
  readonly network: Uint8Array
  readonly token?: Hex
  readonly unit?: bigint
  readonly cap?: bigint
  readonly payees?: readonly Uint8Array[]
}

export const zeroAddress: Hex = `0x${'00'.repeat(20)}`

/** Put a contract on a chain. Throws with why it refuses. */
export async function deployCustody(chain: Chain, terms: Terms, bytecode = committed.bytecode) {
  const { network, token = zeroAddress, unit = 1_000n, cap = 2n ** 55n, payees = [] } = terms
  const args = [bytesToHex(network), token, unit, cap, payees.map((payee) => bytesToHex(payee))]
  const address = await chain.deploy(custodyAbi as Abi, bytecode, args)
  const abi = custodyAbi
  return {
    address,
    unit,
    post: (batch: Uint8Array, from?: Hex) => chain.send({ to: address, data: postData(batch), ...(from && { from }) }),
    /** A byte for each frame, as posting would answer. */
    simulate: async (batch: Uint8Array) =>
      decodeFunctionResult({
        abi,
        functionName: 'post',
        data: await chain.call({ to: address, data: postData(batch) }),
      }),
    depositData: (to: Uint8Array, amount: bigint) =>
      encodeFunctionData({ abi, functionName: 'deposit', args: [bytesToHex(to), amount] }),
    deposit(to: Uint8Array, amount: bigint, value = amount * unit) {
      return chain.send({ to: address, data: this.depositData(to, amount), value })
    },
    collectData: (to: Hex) => encodeFunctionData({ abi, functionName: 'collect', args: [to] }),
    collect(to: Hex, from?: Hex) {
      return chain.send({ to: address, data: this.collectData(to), ...(from && { from }) })
    },
  }
}
export type Deployed = Awaited<ReturnType<typeof deployCustody>>

export const postData = (batch: Uint8Array): Hex =>
  encodeFunctionData({ abi: custodyAbi, functionName: 'post', args: [bytesToHex(batch)] })

/** An operation in bytes, and the point that is said to have signed it (x ‖ y). */
export type Frame = { readonly bytes: Uint8Array; readonly key: Uint8Array }

/** A batch of frames. */
export const batchOf = (frames: readonly Frame[]): Uint8Array =>
  concatBytes(...frames.flatMap(({ bytes, key }) => [Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes, key]))
