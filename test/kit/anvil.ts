/** A real chain for tests: anvil from npm by the rules of Osaka, which mines when it is told to, with the contract deployed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createTestClient, type Hex, http, publicActions, walletActions } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { anvil as chain } from 'viem/chains'
import { custodyAbi } from '../../node/evm/abi.ts'
import { hexOf } from '../../node/evm/endpoint.ts'
import { payeesOf } from '../../protocol/payee.ts'
import type { Context } from '../../protocol/context.ts'

const artifact = join(import.meta.dirname, '../../node/evm/Custody.json')

/** So many of the chain's smallest coin are a unit. */
const weiPerUnit = 1_000n

/** The accounts that anvil funds, by the mnemonic that everybody knows. */
export const chainAccount = (index: number) =>
  mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex: index })
export const chainKey = (index: number): Uint8Array => chainAccount(index).getHdKey().privateKey!

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

export type Chain = Awaited<ReturnType<typeof startChain>>

/** Start a chain whose first block is of a time (seconds). */
export async function startChain({ time }: { readonly time: bigint }) {
  const port = await freePort()
  const require = createRequire(import.meta.url)
  const program = createRequire(require.resolve('@foundry-rs/anvil/package.json')).resolve(
    `@foundry-rs/anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}/bin/anvil`,
  )
  const flags = ['--hardfork', 'osaka', '--port', `${port}`, '--no-mining', '--silent', '--timestamp', `${time}`]
  const child: ChildProcess = spawn(program, flags, { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  const client = createTestClient({ chain, mode: 'anvil', transport: http(url, { retryCount: 60, retryDelay: 250 }) })
    .extend(publicActions)
    .extend(walletActions)
  await client.getChainId()
  const mine = (blocks = 1): Promise<void> => client.mine({ blocks, interval: 1 })

  return {
    url,
    client,
    mine,
    /** Deploy the contract of a network, in a block of its own; returns where it is. */
    async deploy({ network, rules }: Context): Promise<Hex> {
      const { bytecode } = JSON.parse(readFileSync(artifact, 'utf8')) as { bytecode: Hex }
      const payees = payeesOf(rules).map(({ address }) => hexOf(address))
      const args = [hexOf(network), `0x${'00'.repeat(20)}`, weiPerUnit, 2n ** 40n, payees] as const
      const hash = await client.deployContract({
        abi: custodyAbi,
        bytecode,
        args,
        account: chainAccount(0),
        gas: 12_000_000n,
      })
      await mine()
      return (await client.getTransactionReceipt({ hash })).contractAddress!
    },
    /** Deposit units; it is in the next block. */
    deposit: (contract: Hex, { to, amount }: { to: Uint8Array; amount: bigint }): Promise<Hex> =>
      client.writeContract({
        address: contract,
        abi: custodyAbi,
        functionName: 'deposit',
        args: [hexOf(to), amount],
        value: amount * weiPerUnit,
        account: chainAccount(0),
        gas: 500_000n,
      }),
    /** What an address holds in the contract. */
    fundsOf: async (contract: Hex, address: Uint8Array): Promise<bigint> =>
      BigInt(
        (
          await client.readContract({
            address: contract,
            abi: custodyAbi,
            functionName: 'accounts',
            args: [hexOf(address)],
          })
        )[0],
      ),
    /** Replace the last blocks by as many empty ones. */
    reorganise: (depth: number): Promise<unknown> =>
      client.request({ method: 'anvil_reorg', params: [depth, []] } as never),
    stop: (): void => void child.kill(),
  }
}
