/** Simulated people: an address each, and behind it perhaps an identity that it shares with others. */
import { hash } from '../../protocol/hash.ts'
import { firstHidden, type Hidden, type Sums } from '../../protocol/identity.ts'
import { tierOf } from '../../protocol/reputation.ts'
import { proofBytes } from '../../protocol/statement.ts'
import { renewed } from './identity.ts'
import { type Party, partyOf, type World } from './world.ts'

/** Somebody enrolled: a hidden state, and the epoch keys it took passes under. */
type Identity = { readonly name: string; hidden: Hidden; readonly keys: Map<number, Uint8Array[]> }

/** One pseudonym. `side` is what it works for: honest people, or one attack. */
export type Person = Party & {
  readonly name: string
  readonly side: string
  identity: Identity | undefined
  pass: { readonly epoch: number; readonly key: Uint8Array } | undefined
}

export const createPerson = (name: string, { side }: { side: string }): Person => ({
  ...partyOf(name),
  name,
  side,
  identity: undefined,
  pass: undefined,
})

export const createIdentity = (name: string): Identity => ({ name, hidden: firstHidden, keys: new Map() })

/**
 * The epoch key a person writes and judges under now: renews its identity and takes a pass where there is none yet, as
 * the daemon does by itself. None without an identity, or where its slots of the epoch are used up. A daemon's pass has to wait for a checkpoint
 * behind its renewal; until then the pass of the epoch before is good, so that nothing is lost by taking it at once here.
 */
export function passOf(world: World, person: Person): Uint8Array | undefined {
  const { identity } = person
  if (!identity) return undefined
  const { epoch } = world.meta()
  if (person.pass?.epoch === epoch) return person.pass.key
  const slot = identity.keys.get(epoch)?.length ?? 0
  if (slot >= world.rules.reputation.keysPerEpoch) return undefined
  identity.hidden = renewed(world.rules, identity.hidden, epoch, (closed) => gathered(world, identity, closed))
  const key = hash('address', new TextEncoder().encode(`key ${identity.name} ${epoch} ${slot}`)).slice(0, 20)
  const tier = tierOf(world.rules, identity.hidden)
  const { kind } = world.submit(person.address, {
    TAG: 'pass',
    data: {
      epoch,
      checkpoint: world.meta().checkpoint,
      epochKey: key,
      tier,
      proof: noProof,
    },
  })
  if (kind !== 'settled') return undefined
  identity.keys.set(epoch, [...(identity.keys.get(epoch) ?? []), key])
  person.pass = { epoch, key }
  return key
}

const noProof = new Uint8Array(proofBytes)

function gathered({ view }: World, { keys }: Identity, epoch: number): Sums {
  let positive = 0n
  let negative = 0n
  for (const key of keys.get(epoch) ?? []) {
    const pass = view.read('passes', key)!
    positive += pass.positive
    negative += pass.negative
  }
  return { positive, negative }
}
