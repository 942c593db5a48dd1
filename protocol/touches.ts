/**
 * What is read: the records that an op, a price or the opening of a batch can look at. A node fetches them all before
 * `ledger.ts` begins, which reads no others and waits for nothing.
 */
import { flagsKey } from './ack.ts'
import { addressOf } from './address.ts'
import { opensTrees } from './checkpoint.ts'
import type { Context } from './context.ts'
import { messageId } from './envelope.ts'
import { pairKey } from './pair.ts'
import { type Posting, rateKey } from './send.ts'
import { checkpointKey, epochKeyKey, fieldKey, grantKey, type Meta, metaKey, type Reference, treeKey } from './state.ts'
import { isAnonymous, type Op } from './wire.ts'

/** The records that applying an op reads. */
export function touches({ network }: Context, op: Op): Reference[] {
  const { account, action } = op
  const references: Reference[] = [{ table: 'meta', key: metaKey }]
  if (!isAnonymous(action)) references.push({ table: 'accounts', key: account })
  const add = (table: Reference['table'], key: Uint8Array) => references.push({ table, key })
  switch (action.TAG) {
    case 'register': {
      const address = addressOf(action.data.signingKey)
      add('accounts', address)
      add('sealKeys', address)
      break
    }
    case 'rekey':
      add('sealKeys', account)
      break
    case 'transfer':
      add('accounts', action.data.to)
      break
    case 'send':
      add('messages', messageId({ network, sender: account, ...action.data }))
      references.push(...touchesOfPosting({ sender: account, ...action.data }))
      break
    case 'ack':
      add('messages', action.data.message)
      add('pairs', pairKey(account, action.data.sender))
      for (const key of [action.data.epochKey, action.data.senderKey]) if (key) add('passes', key)
      if (action.data.epochKey && action.data.senderKey)
        add('flags', flagsKey(action.data.epochKey, action.data.senderKey))
      break
    case 'pass':
      add('passes', action.data.epochKey)
      add('passOf', account)
      add('epochKeys', epochKeyKey(action.data.epoch, action.data.epochKey))
      add('checkpoints', checkpointKey(action.data))
      break
    case 'enroll':
      add('enrolments', fieldKey(action.data.commitment))
      add('trees', treeKey('identities'))
      break
    case 'renew':
      add('nullifiers', fieldKey(action.data.nullifier))
      add('trees', treeKey('identities'))
      add('checkpoints', checkpointKey(action.data))
      if (action.data.endorsement) add('passes', action.data.endorsement.target)
      break
    case 'stampBuy':
      add('notes', fieldKey(action.data.note))
      add('trees', treeKey('stamps'))
      break
    case 'stampRedeem':
      add('nullifiers', fieldKey(action.data.nullifier))
      add('checkpoints', checkpointKey(action.data))
      add('accounts', action.data.to)
      add('sealKeys', action.data.to)
      break
    case 'grant':
      add('accounts', action.data.sender)
      add('grants', grantKey({ granter: account, sender: action.data.sender }))
      break
    case 'revoke':
      add('grants', grantKey({ granter: account, sender: action.data.sender }))
      break
    case 'policy':
      break
  }
  return references
}

/** The records that pricing a message reads. */
export const touchesOfQuote = (posting: TouchedPosting): Reference[] => [
  { table: 'meta', key: metaKey },
  { table: 'accounts', key: posting.sender },
  ...touchesOfPosting(posting),
]

type TouchedPosting = Pick<Posting, 'sender' | 'recipients' | 'epochKey'>

function touchesOfPosting(posting: TouchedPosting): Reference[] {
  const { sender, recipients, epochKey } = posting
  return [
    { table: 'rates', key: rateKey(posting) },
    ...(epochKey ? [{ table: 'passes', key: epochKey } as const] : []),
    ...recipients.flatMap((recipient): Reference[] => [
      { table: 'accounts', key: recipient },
      { table: 'grants', key: grantKey({ granter: recipient, sender }) },
      { table: 'pairs', key: pairKey(sender, recipient) },
    ]),
  ]
}

/**
 * The records that opening a batch at `time` reads; `due` are the keys of that table up to the batch's time, oldest first,
 * and `last` the totals that it finds.
 */
export function touchesOfOpening(
  { rules }: Context,
  { due, last, time }: { readonly due: readonly Uint8Array[]; readonly last: Meta; readonly time: bigint },
): Reference[] {
  const payees = [...rules.operators, ...rules.keepers.members]
  return [
    { table: 'meta', key: metaKey },
    ...(opensTrees(rules, last, time) ? touchesOfTrees(last) : []),
    ...payees.map(({ address }): Reference => ({ table: 'accounts', key: address })),
    ...due.flatMap((key): Reference[] => {
      const grant = key.subarray(8)
      return [
        { table: 'due', key },
        { table: 'grants', key: grant },
        { table: 'accounts', key: grant.subarray(0, 20) },
      ]
    }),
  ]
}

/** The trees, and the last checkpoint that was taken of them. */
const touchesOfTrees = (last: Meta): Reference[] => [
  { table: 'trees', key: treeKey('identities') },
  { table: 'trees', key: treeKey('history') },
  { table: 'trees', key: treeKey('stamps') },
  { table: 'checkpoints', key: checkpointKey(last) },
]
