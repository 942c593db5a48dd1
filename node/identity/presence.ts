/**
 * Among whom each of our pseudonyms is over all of its epochs. One epoch hides much: but whoever looks on for months sees
 * who comes and goes with whom, and each further epoch in which a pseudonym shows a pass leaves fewer that were there each time.
 * It is counted from the public log alone, as anybody could, over the epochs that are over: in the present one others may
 * still come.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { slotCount } from '../../protocol/identity.ts'
import type { Rules } from '../../protocol/rules.ts'
import { checkpointKey, metaKey, metaOf } from '../../protocol/state.ts'
import { type OwnedPass, passesOwned } from './anonymity-set.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store } from '../ledger/store.ts'
import type { Presence } from '../habit.ts'
import { createTurns } from '../turns.ts'

/** Fewer others than so many are few: whoever looks on can guess with some success. */
const fewBelow = 8

/** What was counted for one of ours so far; pseudonyms are addresses in hex. */
type Track = {
  since: number
  epochs: number
  renewals: number
  present: ReadonlySet<string>
  alike: ReadonlySet<string>
  exactly: ReadonlySet<string>
}

/** Gives the presence of one of our pseudonyms as it is now. */
export type PresenceOf = () => Promise<(own: Own) => Presence>

type Options = {
  readonly node: {
    readonly context: { readonly rules: Rules }
    readonly store: Pick<Store, 'disk' | 'fetch'>
    readonly replica: Pick<Replica, 'view'>
  }
  readonly wallet: Pick<Wallet, 'own'>
}

/** Has counted nothing yet. It goes on from where it was, and begins anew where there is a pseudonym more. */
export function createPresence({ node: { context, store, replica }, wallet }: Options): PresenceOf {
  const inTurn = createTurns()
  let tracks = new Map<string, Track>()
  let ours = 0
  let counted = 0

  return () =>
    inTurn(async () => {
      const { epoch } = metaOf(await replica.view([{ table: 'meta', key: metaKey }]))
      const addresses = wallet.own.map(({ address }) => bytesToHex(address))
      if (addresses.length !== ours) {
        tracks = new Map()
        counted = 0
        ours = addresses.length
      }
      for (let of = counted + 1; of < epoch; of++) {
        const passes = new Map((await passesOwned(store, of)).map((pass) => [pass.pseudonym, pass]))
        const isThere = addresses.some((address) => passes.has(address))
        const renewals = isThere ? await renewalsIn(store, context.rules, of) : 0
        for (const address of addresses) {
          const track = after(tracks.get(address), { address, epoch: of, passes, renewals })
          if (track) tracks.set(address, track)
        }
        counted = of
      }
      return (own) => presenceOf(own, wallet.own, tracks)
    })
}

/** What is counted after one more epoch; nothing before the first one in which the pseudonym had a pass. */
function after(
  track: Track | undefined,
  {
    address,
    epoch,
    passes,
    renewals,
  }: {
    readonly address: string
    readonly epoch: number
    readonly passes: ReadonlyMap<string, Pick<OwnedPass, 'tier' | 'checkpoint'>>
    readonly renewals: number
  },
): Track | undefined {
  const pass = passes.get(address)
  if (!pass) return track && { ...track, exactly: new Set([...track.exactly].filter((other) => !passes.has(other))) }
  const isAlike = (other: string): boolean => {
    const theirs = passes.get(other)
    return theirs?.tier === pass.tier && theirs.checkpoint === pass.checkpoint
  }
  const those = track ?? {
    since: epoch,
    epochs: 0,
    renewals: Number.POSITIVE_INFINITY,
    present: new Set(passes.keys()),
    alike: new Set(passes.keys()),
    exactly: new Set(passes.keys()),
  }
  return {
    since: those.since,
    epochs: those.epochs + 1,
    renewals: Math.min(those.renewals, renewals),
    present: new Set([...those.present].filter((other) => passes.has(other))),
    alike: new Set([...those.alike].filter(isAlike)),
    exactly: new Set([...those.exactly].filter((other) => passes.has(other))),
  }
}

/** Leaves that stand between the first and the last checkpoint of an epoch: its renewals, and some enrolments. */
async function renewalsIn(store: Pick<Store, 'fetch'>, { identity }: Rules, epoch: number): Promise<number> {
  const keys = Array.from({ length: identity.checkpoints }, (_, checkpoint) => checkpointKey({ epoch, checkpoint }))
  const view = await store.fetch(keys.map((key) => ({ table: 'checkpoints', key }) as const))
  const counts = keys.map((key) => view.read('checkpoints', key)?.identities).filter((count) => count !== undefined)
  return counts.length === 0 ? 0 : counts.at(-1)! - counts[0]!
}

function presenceOf(own: Own, all: readonly Own[], tracks: ReadonlyMap<string, Track>): Presence {
  const track = tracks.get(bytesToHex(own.address))
  const twins = all.filter((other) => other !== own && track?.exactly.has(bytesToHex(other.address)))
  const counts = {
    epochs: track?.epochs ?? 0,
    since: track?.since ?? null,
    present: track?.present.size ?? 0,
    alike: track?.alike.size ?? 0,
    exactly: track?.exactly.size ?? 0,
    twins: twins.map(({ label }) => label),
    identitiesLeast: Math.ceil((track?.present.size ?? 0) / slotCount),
    identitiesMost: track?.renewals ?? 0,
  }
  return { ...counts, advice: adviceFor(own, counts) }
}

/** Advice to an owner who wants to keep this pseudonym apart from the others. */
function adviceFor(
  { label, habit }: Own,
  { epochs, present, alike, exactly, twins }: Omit<Presence, 'advice'>,
): string {
  const rest = `have it sit some epochs out (\`bmail pseudonym habit ${shown(label)} --skip 30\`)`
  const times = epochs === 1 ? 'the one epoch' : `the ${epochs} epochs`
  if (epochs === 0)
    return 'No epoch is over in which it had a pass, so nothing can be said yet. Use it at other times than your others.'
  const strangers = exactly - 1 - twins.length
  if (twins.length > 0 && strangers < fewBelow)
    return `It was there in exactly the same epochs as ${quoted(twins)}, and ${counted(strangers)} of other people: whoever looks on can guess that they are one person’s. To keep it apart, ${rest}, and use it at other times.`
  if (present < fewBelow)
    return `Only ${present} had a pass in each of ${times}: whoever looks on has few to guess among. To keep it apart, ${rest}${habit.warm ? ', and keep it warm no more' : ''}.`
  if (alike < fewBelow)
    return `Only ${alike} showed its tier behind its checkpoint each time. To keep it apart, have it show a tier that more show (\`bmail pseudonym habit ${shown(label)} --at-most 0\`).`
  if (habit.warm)
    return 'It is kept warm, so it is seen whenever you are there, as all that you keep warm are. To keep it apart, keep it warm no more.'
  return 'Enough others were there each time so far. Each further epoch in which it has a pass leaves fewer of them.'
}

const quoted = (labels: readonly string[]): string => labels.map((label) => `“${label}”`).join(' and ')

/** A label as it is typed in a shell. */
const shown = (label: string): string => (/^[\w.-]+$/.test(label) ? label : `'${label}'`)

const counted = (others: number): string => {
  if (others === 0) return 'none'
  return others === 1 ? 'only one' : `only ${others}`
}
