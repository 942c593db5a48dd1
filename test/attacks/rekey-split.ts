/** Twelve accounts give a change of keys to one relay and go on under the old key at another, so that relays disagree. */
import { randomBytes } from 'node:crypto'
import { rekeyHash } from '../../protocol/operations/rekey.ts'
import { createActive, signLow } from '../bench/crowd.ts'
import type { Attack } from './attack.ts'
import { pause } from './measure.ts'

const each = 12

export const rekeySplit: Attack = {
  name: 'rekey-split',
  what: '12 accounts: a rekey to one relay, 12 ops each under the old key to another',
  victim: 'relay2',
  async strike(mallory) {
    const accounts = await mallory.accounts(12)
    const [near, far] = [await mallory.peer(['relay2']), await mallory.peer(['relay3'])]
    const [, reader] = mallory.people
    await pause(3_000)
    await mallory.begin()
    for (const account of accounts) {
      const nonce = account.nonce
      const [next] = createActive(1)
      const signature = signLow(rekeyHash(mallory.id, { account: account.address, nonce }), next!.key)
      const signing = { key: next!.signingKey, signature }
      const rekey = mallory.op(account, { TAG: 'rekey', data: { signing, sealKey: undefined } }, { at: nonce })
      const pay = () => ({
        TAG: 'transfer' as const,
        data: { to: reader!, amount: BigInt(randomBytes(2).readUInt16BE()) },
      })
      const old = Array.from({ length: each }, (_, at) => mallory.op(account, pay(), { at: nonce + BigInt(at) }))
      const after = Array.from({ length: each - 1 }, (_, at) =>
        mallory.op({ ...account, key: next!.key }, pay(), { at: nonce + 1n + BigInt(at) }),
      )
      const toNear = async () => {
        for (const op of [rekey, ...after]) await mallory.tell(near, mallory.topics.ops, op)
      }
      const toFar = async () => {
        for (const op of old) await mallory.tell(far, mallory.topics.ops, op)
      }
      await Promise.all([toNear(), toFar()])
    }
    await pause(mallory.seconds * 1_000)
  },
}
