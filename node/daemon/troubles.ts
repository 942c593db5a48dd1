/** The one list of what is wrong with this daemon now, the worst first. It is looked at again every second. */
import type { Logger } from '../logger.ts'
import type { Clock } from '../seams.ts'
import { type Severity, severities, type Trouble, type TroubleName, troubleNames } from '../troubles.ts'

/** Finds one trouble: a sentence for a person while there is one. */
export type Look = () => string | undefined | Promise<string | undefined>

/** One look for each name. */
export type Looks = Readonly<Record<TroubleName, Look>>

/** Told of a trouble that came, or that is over. */
type OnTrouble = (trouble: Trouble, state: 'came' | 'over') => void

export type Troubles = ReturnType<typeof createTroubles>

const roundMs = 1_000
/** A look that takes longer, because a disk or a thread does not answer, is a trouble under its own name. */
const lookMs = 10_000

const levels = { stops: 'error', waits: 'info', hinders: 'warn' } as const satisfies Record<Severity, keyof Logger>

/** A list that knows no more than that the daemon is being opened. */
export function createTroubles({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
  const listeners = new Set<OnTrouble>()
  let current: readonly Trouble[] = [troubleOf('starting', 'The daemon is being opened.', clock.now())]

  function change(sentences: readonly (string | undefined)[]): void {
    const before = new Map(current.map((trouble) => [trouble.name, trouble]))
    current = troubleNames.flatMap((name, at) => {
      const sentence = sentences[at]
      return sentence === undefined ? [] : [troubleOf(name, sentence, before.get(name)?.since ?? clock.now())]
    })
    const now = new Set(current.map(({ name }) => name))
    for (const trouble of before.values()) if (!now.has(trouble.name)) tell(trouble, 'over')
    for (const trouble of current) if (!before.has(trouble.name)) tell(trouble, 'came')
  }

  function tell(trouble: Trouble, state: 'came' | 'over'): void {
    const { name, severity, sentence } = trouble
    if (state === 'came') logger[levels[severity]]({ trouble: name }, sentence)
    else logger.info({ trouble: name }, 'a trouble is over')
    for (const listener of listeners) listener(trouble, state)
  }

  return {
    /** The worst first, as of the latest look. Until everything was looked at once, `starting` is among them. */
    current: (): readonly Trouble[] => current,
    onChange: (listener: OnTrouble): void => void listeners.add(listener),
    /** Look now, and every second until the returned function is called. */
    watch(looks: Looks): () => void {
      const round = async () => change(await Promise.all(troubleNames.map((name) => seen(looks[name], clock))))
      const first = clock.after(0, round)
      const rounds = clock.every(roundMs, round)
      return () => {
        first()
        rounds()
      }
    },
  }
}

const troubleOf = (name: TroubleName, sentence: string, since: number): Trouble => ({
  name,
  severity: severities[name],
  since,
  sentence,
})

/** What a look finds. One that fails or hangs found something, too. */
async function seen(look: Look, clock: Clock): Promise<string | undefined> {
  let forget = () => {}
  const late = new Promise<string>((resolve) => {
    forget = clock.after(lookMs, () => resolve(`Nothing answered within ${lookMs / 1_000} s when this was looked at.`))
  })
  try {
    return await Promise.race([look(), late])
  } catch (error) {
    return `This could not be looked at: ${(error as Error).message}`
  } finally {
    forget()
  }
}
