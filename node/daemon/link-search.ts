/**
 * Whether anything that others stored ties two names of one person together. Every record of their databases is searched,
 * an operation at a time, for what belongs to each name: its address and keys, and of the identity behind them everything
 * that only its owner could tell to be of one.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { parsePhrase, identitySecret } from '../keys/derive.ts'
import { openDisk } from '../ledger/disk.ts'
import { createStore, keyIn, type Store } from '../ledger/store.ts'
import type { Testnet } from './testnet.ts'
import { keysOf, type Self, traceIdentity } from '../identity/history.ts'
import { encodeAddress } from '../../protocol/address.ts'
import { Field } from '../../protocol/field.ts'
import { commitmentOf, firstHidden, leafInTree, networkField } from '../../protocol/identity.ts'
import { networkId } from '../../protocol/rules.ts'
import { carriesProof, SignedOp } from '../../protocol/wire.ts'

/** A name of a person: everything by which it is known, in hexadecimal. */
type Side = { readonly name: string; readonly marks: readonly string[] }

/** Search the homes of everybody but the first person. Their daemons must have ended. */
export async function searchForLinks(testnet: Testnet): Promise<{ links: string[]; proofs: number; records: number }> {
  const [person] = testnet.people
  const others = [...testnet.homes].filter(([name]) => name !== person!.name)
  const links: string[] = []
  let proofs = 0
  let records = 0
  for (const [name, home] of others) {
    const disk = await openDisk(home)
    try {
      const store = createStore(disk)
      const sides = await sidesOf(store, testnet)
      for await (const { what, bytes, isProven } of piecesOf(store)) {
        records++
        if (isProven) proofs++
        const found = namesIn(sides, bytesToHex(bytes))
        // Whoever pays for an enrolment stands beside the identity, and everybody is told so.
        if (found.length > 1 && found.join() !== 'purse,identity')
          links.push(`${name}: ${what} names ${found.join(' and ')}`)
      }
    } finally {
      await disk.close()
    }
  }
  return { links, proofs: proofs / others.length, records }
}

const namesIn = (sides: readonly Side[], hex: string): string[] =>
  sides.filter(({ marks }) => marks.some((mark) => hex.includes(mark))).map(({ name }) => name)

/** What the person's pseudonyms and identity are known by; only the person can make this list. */
async function sidesOf(store: Store, { people, file }: Testnet): Promise<Side[]> {
  const [{ addresses, phrase }] = people as [Testnet['people'][number]]
  const network = networkField(networkId(file.rules, file.genesis))
  const self: Self = { secret: identitySecret({ entropy: parsePhrase(phrase), realm: file.genesis.salt }), network }
  const epoch = (await store.head())!.sealed.header.epoch
  const keys = Array.from({ length: epoch }, (_, at) => keysOf(self, at + 1)).flat()
  const view = await store.fetch([
    ...keys.map((key) => ({ table: 'passes', key }) as const),
    ...addresses.map((key) => ({ table: 'accounts', key }) as const),
  ])
  const pseudonyms = addresses.map((address, at): Side => {
    const own = keys.filter((key) => {
      const pass = view.read('passes', key)
      return pass && encodeAddress(pass.pseudonym) === encodeAddress(address)
    })
    const signingKey = view.read('accounts', address)!.signingKey!
    return { name: ['purse', 'work', 'club'][at]!, marks: [address, signingKey, ...own].map(bytesToHex) }
  })
  const traced = (await traceIdentity(store, file.rules, self))!
  const leaves = [firstHidden, traced.hidden].map((hidden) => leafInTree(self.secret, network, hidden))
  const elements = [
    self.secret,
    commitmentOf(self.secret, network),
    ...leaves,
    traced.nullifier,
    ...traced.foldings.map(({ nullifier }) => nullifier),
  ]
  return [...pseudonyms, { name: 'identity', marks: elements.map((element) => bytesToHex(Field.encode(element))) }]
}

/** Everything stored, in pieces that belong together: a record with its key, and of a batch each operation by itself. */
async function* piecesOf(store: Store): AsyncGenerator<{ what: string; bytes: Uint8Array; isProven: boolean }> {
  const [batchSpace] = keyIn('batch')
  for await (const [key, value] of store.disk.iterator())
    if (key[0] !== batchSpace)
      yield { what: `record ${bytesToHex(key).slice(0, 24)}`, bytes: Buffer.concat([key, value]), isProven: false }
  for await (const { sealed, ops } of store.batches(1n))
    for (const [at, bytes] of ops.entries()) {
      const { action } = SignedOp.decode(bytes).op
      const what = `operation ${at} (${action.TAG}) of batch ${sealed.header.height}`
      yield { what, bytes, isProven: carriesProof(action) }
    }
}
