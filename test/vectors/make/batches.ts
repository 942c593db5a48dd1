/** The first batches of a network, from its genesis on: every operation, what is void or not delivered, and closes of epochs. */
import { createAccountsTree, accountLeaf } from '../../../protocol/accounts.ts'
import { Header, headerHash, Outcome, SealedHeader } from '../../../protocol/batch.ts'
import { type Entry, readEntry } from '../../../protocol/doorway.ts'
import type { Amounts } from '../../../protocol/money.ts'
import type { Action } from '../../../protocol/operations.ts'
import { rekeyHash } from '../../../protocol/operations/rekey.ts'
import { AccountProof, Receipt } from '../../../protocol/receipt.ts'
import { consentHash } from '../../../protocol/registration.ts'
import { Genesis, Rules } from '../../../protocol/rules.ts'
import { type Change, encodeRecord, tables } from '../../../protocol/state.ts'
import { sign } from '../../../node/keys/sign.ts'
import { accountProofOf, firstLink, type Link, nextLink, receiptOf } from '../../kit/chain.ts'
import {
  accountOf,
  action,
  ada,
  bob,
  context,
  cyd,
  dan,
  dayMs,
  eve,
  genesis,
  hourMs,
  network,
  type Person,
  personOf,
  rules,
  sendTo,
  settle,
  signedBytes,
  type State,
  totalsOf,
  viewOf,
  verdictRootIn,
} from '../../kit/fixtures.ts'
import { goodProof } from '../../kit/plain-proofs.ts'
import { messageTo } from '../world.ts'
import { plain } from './plain.ts'
import { bytesOf } from './sample.ts'

type Wanted = readonly [Person, Action, Partial<Amounts>?] | Entry

/** Whose key signs now: Cyd moves to another on the way. */
const keys = new Map<Person, Uint8Array>()
const moved = personOf('cyd, moved')

/** The next batch, of what some people want, at what it has to pay unless said otherwise; and of what else a host puts there. */
function then(previous: Link, waitMs: bigint, wanted: readonly Wanted[]): Link {
  const time = totalsOf(previous.state).time + waitMs
  // Each is priced by what the batch made of the state before it.
  const ops: Entry[] = []
  for (const entry of wanted) {
    if ('bytes' in entry) {
      ops.push(entry)
      continue
    }
    const [by, wish, amounts = {}] = entry
    const { state } = settle(previous.state, { time, ops })
    const privateKey = keys.get(by) ?? by.privateKey
    const op = { by, action: wish, nonce: nonceOf(state, by), expiry: time + hourMs, privateKey, amounts }
    ops.push(readEntry(signedBytes(op, { view: viewOf(state) }), context))
  }
  return nextLink(previous, { time, ops })
}
const nonceOf = (state: State, { address }: Person): bigint => viewOf(state).read('accounts', address)?.nonce ?? 0n

const registration = ({ signingKey, sealKey }: Person) =>
  action('register', { signingKey, sealKey, sponsorship: undefined })
const consentOf = (person: Person) => sign(consentHash(network, person), person.privateKey)
const [adasPass, bobsPass, cydsPass] = ['ada', 'bob', 'cyd'].map((name) => bytesOf(`pass of ${name}`, 20)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const passUnder = (epochKey: Uint8Array, tier: number) =>
  action('pass', { epoch: 1, checkpoint: 0, epochKey, tier, proof: goodProof })
const judge = (verdict: 'value' | 'spam', epochKey: Uint8Array) =>
  action('ack', {
    giveBack: 0n,
    message: messageTo(bob, cyd),
    sender: ada.address,
    senderKey: adasPass,
    verdict,
    epochKey,
  })

function story(): readonly Link[] {
  const all: Link[] = [firstLink()]
  const add = (waitMs: bigint, ...wanted: readonly Wanted[]) => all.push(then(all.at(-1)!, waitMs, wanted))
  add(1_000n, [ada, registration(ada)], [bob, registration(bob)], [cyd, registration(cyd)], [dan, registration(dan)])
  add(
    1_000n,
    [ada, action('enroll', { commitment: 7n })],
    [ada, passUnder(adasPass, 2)],
    [bob, passUnder(bobsPass, 4)],
    [cyd, passUnder(cydsPass, 0)],
    [
      ada,
      action('register', {
        signingKey: eve.signingKey,
        sealKey: eve.sealKey,
        sponsorship: { amount: 500n, consent: consentOf(eve) },
      }),
    ],
    [bob, action('policy', { leastTier: 3, leastFee: 2_000n })],
    [ada, sendTo([bob, cyd], { epochKey: adasPass, sizeClass: 2 })],
    [bob, action('revoke', { sender: ada.address })],
    [cyd, action('transfer', { to: ada.address, amount: 5n })],
  )
  add(
    hourMs,
    [bob, judge('value', bobsPass)],
    [cyd, judge('spam', cydsPass)],
    [bob, action('grant', { sender: ada.address, payer: 'recipient', allowance: 5_000n })],
    [ada, action('stampBuy', { denomination: 1_000n, note: 11n })],
    [cyd, rekeying(nonceOf(all.at(-1)!.state, cyd) + 1n)],
    [ada, sendTo([bob], { envelopeHash: bytesOf('a second envelope', 32) })],
    // Void: it changes nothing, and the nonce is free for the next.
    [dan, action('transfer', { to: ada.address, amount: 1_000_000n })],
    [dan, action('transfer', { to: ada.address, amount: 1n })],
    // Paid, and not delivered: a unit less burned than is asked, and an operation that says nothing.
    [ada, sendTo([dan], { envelopeHash: bytesOf('an envelope for too little', 32) }), { burn: 209n }],
    [ada, action('rekey', { signing: undefined, sealKey: undefined })],
    // Void, too: what was in a batch before, and what is no operation at all.
    all.at(-1)!.ops[0]!,
    readEntry(Uint8Array.of(1, 2, 3), context),
    readEntry(new Uint8Array(0), context),
  )
  keys.set(cyd, moved.privateKey)
  add(
    hourMs,
    [bob, action('revoke', { sender: ada.address })],
    [cyd, sendTo([ada, dan], { envelopeHash: bytesOf('a third envelope', 32), lifetimeDays: 1, sizeClass: 1 })],
    [
      ada,
      action('renew', {
        epoch: 1,
        checkpoint: 0,
        nullifier: 8n,
        leaf: 9n,
        endorsement: { target: bobsPass, amount: 4n },
        proof: goodProof,
      }),
    ],
    [
      ada,
      action('stampRedeem', {
        epoch: 1,
        checkpoint: 0,
        nullifier: 12n,
        denomination: 1_000n,
        to: dan.address,
        registration: undefined,
        proof: goodProof,
      }),
    ],
  )
  add(2n * dayMs)
  add(rules.epochMs)
  add(rules.epochMs + 5_000n, [ada, action('transfer', { to: bob.address, amount: 1n })])
  add(1_000n, [dan, action('policy', { leastTier: 0, leastFee: 2_000n })])
  add(dayMs, [ada, sendTo([dan], { envelopeHash: bytesOf('a fourth envelope', 32) })])
  keys.delete(cyd)
  return all
}

/** Cyd's account to another signing key, and another encryption key. */
const rekeying = (nonce: bigint): Action =>
  action('rekey', {
    signing: {
      key: moved.signingKey,
      signature: sign(rekeyHash(network, { account: cyd.address, nonce }), moved.privateKey),
    },
    sealKey: moved.sealKey,
  })

/** Every batch, the genesis first. */
export const links = story()

export const networkVectors = () => ({
  rules: { value: plain(rules), hex: plain(Rules.encode(rules)) },
  genesis: { value: plain(genesis), hex: plain(Genesis.encode(genesis)) },
  network: plain(network),
  goodProof: plain(goodProof),
})

export const batchVectors = () =>
  links.map((link, at) => {
    const { sealed, chain, ops, outcomes, applied, changes, state } = link
    const before = links[at - 1]
    const { time } = sealed.header
    return {
      height: at,
      time: plain(time),
      verdictRoots: plain(before ? rootsFor(before.state) : {}),
      ops: ops.map(({ bytes, id }, index) => ({ hex: plain(bytes), id: plain(id), became: applied[index]!.kind })),
      outcomes: outcomes.map((bytes) => ({ value: plain(Outcome.decode(bytes)), hex: plain(bytes) })),
      changes: changes.map(plainChange),
      chain: { before: plain(before?.chain ?? new Uint8Array(32)), after: plain(chain) },
      accountsRoot: plain(accountsRootOf(state)),
      stateRoot: { before: plain(before?.sealed.header.stateRoot), after: plain(sealed.header.stateRoot) },
      header: {
        value: plain(sealed.header),
        hex: plain(Header.encode(sealed.header)),
        hash: plain(headerHash(sealed.header)),
      },
      sealed: plain(SealedHeader.encode(sealed)),
    }
  })

/** A change as vectors have it: what stands under a key from then on, or null. */
export const plainChange = ({ table, key, after }: Change) => ({
  table,
  number: tables[table].number,
  key: plain(key),
  hex: after ? plain(encodeRecord(table, after as never)) : null,
})

/** The roots of the verdict trees that a batch on this state may have to commit, by their epochs. */
export const rootsFor = (state: State) =>
  Object.fromEntries(
    Array.from({ length: totalsOf(state).epoch }, (_, at) => [at + 1, verdictRootIn(state)(at + 1)] as const),
  )

function accountsRootOf(state: State): Uint8Array {
  const tree = createAccountsTree()
  const accounts = [...state.values()].flatMap((entry) => (entry.table === 'accounts' ? [entry] : []))
  accounts.sort((a, b) => a.record.slot - b.record.slot)
  for (const { key, record } of accounts) {
    const leaf = { slot: record.slot, address: key, record: encodeRecord('accounts', record) }
    tree.set(record.slot, accountLeaf(leaf))
  }
  return tree.root()
}

/** What light clients check under headers of the batches. */
export const receiptVectors = () => {
  const receipts = links.flatMap((link, height) =>
    link.ops.map((_, index) => {
      const receipt = receiptOf(link, index)
      return { height, index, value: plain(receipt), hex: plain(Receipt.encode(receipt)) }
    }),
  )
  const accounts = [ada, cyd, eve].map((person) => {
    const link = links.at(-1)!
    const proof = accountProofOf(link, person)
    return {
      height: links.length - 1,
      account: plain(accountOf(link.state, person)),
      value: plain(proof),
      hex: plain(AccountProof.encode(proof)),
    }
  })
  return { receipts: receipts.filter((_, at) => at % 3 === 0), accounts }
}
