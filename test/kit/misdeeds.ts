/** Operations that no node may take, signed by somebody who could have done better. */
import type { Random } from '../../node/seams.ts'
import { sign } from '../../node/keys/sign.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { messageId } from '../../protocol/envelope.ts'
import type { Action } from '../../protocol/operations.ts'
import { encodeSignedOp, type Op, opId, plainAmounts, SignedOp } from '../../protocol/wire.ts'
import type { Alive } from './simulation.ts'

type Misdeed = {
  readonly what: string
  /** The bytes of the op. */
  readonly sign: () => Uint8Array
  readonly envelope?: Uint8Array
}

/** All that this node's person can do wrong now; some of it would pay `amount`. */
export async function misdeedsOf(
  { node, wallet }: Alive,
  { to, amount, random }: { readonly to: Uint8Array; readonly amount: bigint; readonly random: Random },
): Promise<readonly Misdeed[]> {
  const { network } = node.context
  const own = wallet!.own[0]!
  const nowMs = BigInt(node.seams.clock.now())
  const account = (await node.replica.view([{ table: 'accounts', key: own.address }])).read('accounts', own.address)!
  const nonce = account.nonce + BigInt(node.pending.count(own.address))
  const pay: Action = { TAG: 'transfer', data: { to, amount } }
  const { rules } = node.context
  const good = { nonce, expiry: nowMs + 5_000n, action: pay, ...plainAmounts(rules, pay) }
  const signed = (body: { nonce?: bigint; expiry?: bigint; action?: Action }) =>
    wallet!.signOp(network, account, own, { ...good, ...body, ...plainAmounts(rules, body.action ?? pay) })
  const transfer = (data: { to: Uint8Array; amount: bigint }) => signed({ action: { TAG: 'transfer', data } })
  const sent = await lastSent(node, own.address)
  const always: readonly Misdeed[] = [
    { what: 'a nonce too far', sign: () => signed({ nonce: nonce + 5n }) },
    { what: 'a nonce again', sign: () => signed({ nonce: 0n }) },
    { what: 'an op too late', sign: () => signed({ expiry: nowMs - 60_000n }) },
    { what: 'an op for next year', sign: () => signed({ expiry: nowMs + 31_536_000_000n }) },
    { what: 'an op of another network', sign: () => wallet!.signOp(random(32), account, own, good) },
    { what: 'half an op', sign: () => signed({}).subarray(0, 60) },
    { what: 'more than there is', sign: () => transfer({ to, amount: 2n ** 60n }) },
    { what: 'money for nobody', sign: () => transfer({ to: random(20), amount }) },
    {
      what: 'an op with the key of somebody else',
      sign() {
        const { op } = SignedOp.decode(signed({}))
        return encodeSignedOp({ op, signature: sign(opId(network, op), random(32)) })
      },
    },
  ]
  if (!sent) return always
  const { action, burn, share, lines } = sent.op
  const again = () => wallet!.signOp(network, account, own, { ...good, action, burn, share, lines })
  return [
    ...always,
    { what: 'a letter without its envelope', sign: again },
    { what: 'a letter that is paid for', sign: again, envelope: sent.envelope },
  ]
}

/** The latest message that was settled for an address, as this node has it. */
async function lastSent({ context: { network }, store, envelopes }: Alive['node'], account: Uint8Array) {
  let last: { op: Op; envelope: Uint8Array } | undefined
  for await (const { ops } of store.batches(1n))
    for (const { op } of ops.map((bytes) => SignedOp.decode(bytes))) {
      if (op.action.TAG !== 'send' || !equalBytes(op.account, account)) continue
      const key = messageId({ network, sender: account, ...op.action.data })
      const record = (await store.fetch([{ table: 'messages', key }])).read('messages', key)
      const envelope = record && (await envelopes.get(key))
      if (envelope) last = { op, envelope }
    }
  return last
}
