/** The account that pays for what a node posts: its transactions are signed here, sent, and looked after. */
import { type Hex, keccak256 } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { bytesIn, type ChainSettings, type Endpoint, hexOf } from './endpoint.ts'

/** What a transaction to the contract says. Fees are in wei for a unit of gas. */
type Unsigned = {
  readonly nonce: bigint
  readonly call: Uint8Array
  readonly gas: bigint
  readonly maxFee: bigint
  readonly tip: bigint
}

/** What a node answers that has a transaction already, or another of its nonce: nothing failed by that. */
const isSentAlready = /already known|already imported|nonce too low|underpriced/i

type Options = {
  readonly settings: Pick<ChainSettings, 'chainId' | 'contract'>
  /** 32 bytes. */
  readonly key: Uint8Array
  readonly endpoint: Endpoint
}

export function createAccount({ settings: { chainId, contract }, key, endpoint: { client, asked } }: Options) {
  const account = privateKeyToAccount(hexOf(key))
  const { address } = account
  return {
    address,
    sign: async ({ nonce, call, gas, maxFee, tip }: Unsigned): Promise<Uint8Array> =>
      bytesIn(
        await account.signTransaction({
          type: 'eip1559',
          chainId,
          to: contract,
          data: hexOf(call),
          nonce: Number(nonce),
          gas,
          maxFeePerGas: maxFee,
          maxPriorityFeePerGas: tip,
        }),
      ),
    async send(signed: Uint8Array): Promise<void> {
      try {
        await client.sendRawTransaction({ serializedTransaction: hexOf(signed) })
      } catch (error) {
        if (!isSentAlready.test((error as Error).message)) await asked(() => Promise.reject(error as Error))
      }
    },
    /** Whether the endpoint has a signed transaction, mined or not. */
    isKnown: (signed: Uint8Array): Promise<boolean> =>
      asked(
        async () =>
          (await client.request({ method: 'eth_getTransactionByHash', params: [keccak256(signed)] })) !== null,
      ),
    /** How many transactions of the account are in blocks up to one, or in all. */
    mined: (blockNumber?: bigint): Promise<bigint> =>
      asked(async () =>
        BigInt(await client.getTransactionCount({ address, ...(blockNumber !== undefined && { blockNumber }) })),
      ),
    /** What a unit of gas costs now, at most until some blocks later, and what of that is the tip. */
    fees: (): Promise<Pick<Unsigned, 'maxFee' | 'tip'>> =>
      asked(async () => {
        const { maxFeePerGas, maxPriorityFeePerGas } = await client.estimateFeesPerGas()
        return { maxFee: maxFeePerGas, tip: maxPriorityFeePerGas }
      }),
    gasOf: (data: Hex): Promise<bigint> => asked(() => client.estimateGas({ account: address, to: contract, data })),
    /** What the account has, in wei. */
    funds: (): Promise<bigint> => asked(() => client.getBalance({ address })),
  }
}
