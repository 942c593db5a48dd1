/**
 * Which of the daemon's letters the bridge has put into a folder, so that each comes once, also after it was removed there;
 * and what follows from where it lies: in Junk it is spam, with a star it had value. A verdict is final, so it is said a
 * while later, and taking the letter out of there takes it back.
 */
import type { Clock } from '../seams.ts'
import type { Alongside, Change } from './folders.ts'
import type { Store, Write } from './store.ts'

/** A letter, by its id. */
export type Known = {
  readonly id: string
  readonly folder: 'inbox' | 'sent'
  /** The verdict that is to be said, and when, in milliseconds since 1970. */
  readonly coming?: { readonly verdict: 'spam' | 'value'; readonly at: number }
  /** Whether a verdict was said, here or elsewhere, or cannot be said any more. */
  readonly isJudged?: true
  /** Whether it was handed in here, so that its sender is told here if it is refused; and whether that was done. */
  readonly isHandedIn?: true
  readonly isReported?: true
}

export type KnownLetters = {
  get(id: string): Known | undefined
  /** Note some, alone or with changes of folders. */
  noting(letters: readonly Known[]): Alongside
  note(letter: Known): Promise<void>
  /** What is to be said by now. */
  due(): readonly Known[]
  /** What verdicts follow from changes in the folders. */
  following(changes: readonly Change[]): Alongside
}

/** What a store knows. */
export async function openKnownLetters({
  store,
  clock,
  undoMs,
}: {
  readonly store: Store
  readonly clock: Pick<Clock, 'now'>
  /** For how long a verdict can be taken back. */
  readonly undoMs: number
}): Promise<KnownLetters> {
  const letters = new Map<string, Known>()
  for await (const [, known] of store.all<Known>('known/')) letters.set(known.id, known)

  const noting = (some: readonly Known[]): Alongside => ({
    writes: some.map((value): Write => ({ key: store.nameOf(value.id), value })),
    done: () => {
      for (const known of some) letters.set(known.id, known)
    },
  })
  /** A letter as it is after a change; nothing where that says nothing of it. */
  const after = (known: Known, { before, entry }: Change): Known => {
    if (!entry || known.isJudged || known.folder !== 'inbox') return known
    const { coming, ...rest } = known
    const comes = (verdict: 'spam' | 'value'): Known => ({ ...rest, coming: { verdict, at: clock.now() + undoMs } })
    if (before?.folder !== entry.folder) {
      if (entry.folder === 'Junk') return comes('spam')
      if (coming?.verdict === 'spam' && entry.folder !== 'Trash') return rest
    }
    const [was, is] = [before, entry].map((one) => one?.flags.includes('\\Flagged') ?? false)
    if (is && !was && before) return comes('value')
    return was && !is && coming?.verdict === 'value' ? rest : known
  }
  return {
    get: (id) => letters.get(id),
    noting,
    async note(letter) {
      const { writes, done } = noting([letter])
      await store.write(writes)
      done()
    },
    due: () => [...letters.values()].filter(({ coming }) => coming && coming.at <= clock.now()),
    following(changes) {
      const changed = new Map<string, Known>()
      for (const change of changes) {
        const { source } = (change.entry ?? change.before)!
        const known = 'letter' in source ? (changed.get(source.letter) ?? letters.get(source.letter)) : undefined
        const next = known && after(known, change)
        if (next && next !== known) changed.set(next.id, next)
      }
      return noting([...changed.values()])
    },
  }
}
