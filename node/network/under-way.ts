/**
 * Answers under way, and what they hold: places, and the bytes that are waited for or that their readers have not taken yet.
 * The other side may be slow, so an answer waits for it; where others need the room, the one that has waited longest is
 * given up, of the address that takes most.
 */

export interface AnswerLimits {
  /** Requests served at one time: for all peers together, from one address, and for one peer. */
  readonly served: number
  readonly servedOfAddress: number
  readonly servedOfPeer: number
  /** Bytes of requests and answers that are held at one time: for all peers together, and for one peer. */
  readonly unreadBytes: number
  readonly unreadBytesOfPeer: number
}

/** What an answer costs to hold besides its bytes: a stream, what was asked, and where it is in the database. */
const overheadBytes = 16 * 1024

interface Asker {
  readonly peer: string
  readonly address: string
  /** Ends the answer, with why. */
  readonly abort: (why: Error) => void
}

/** One answer. */
export interface UnderWay {
  /**
   * Hold so many bytes, in place of those before, until `taken`: what is waited for, or what waits for its reader. Resolves
   * when the peer has room for them. Rejects where the answer was given up.
   */
  hold(bytes: number): Promise<void>
  /** The other side did what was waited for. */
  taken(): void
  /** Whether it was given up for others. */
  isGivenUp(): boolean
  /** The answer is over, however it ended. */
  end(): void
}

type Entry = Asker & { bytes: number; readonly resume: (() => void)[] }

/** No answers yet. `mostOf` says how many an address may have at one time. */
export function createAnswers(limits: AnswerLimits, mostOf: (address: string) => number) {
  /** In the order in which they last began to wait for the other side. */
  const all = new Set<Entry>()
  /** The bytes that are held: in all, and by peer. */
  let held = 0
  const heldOf = new Map<string, number>()

  function set(entry: Entry, bytes: number): void {
    const by = bytes - entry.bytes
    entry.bytes = bytes
    held += by
    const rest = (heldOf.get(entry.peer) ?? 0) + by
    if (rest === 0) heldOf.delete(entry.peer)
    else heldOf.set(entry.peer, rest)
  }

  const total = (among: readonly Entry[]): number => among.reduce((sum, { bytes }) => sum + bytes, 0)
  const of = (key: 'peer' | 'address', name: string): Entry[] => [...all].filter((entry) => entry[key] === name)

  /** The address that has most of something among answers, and those answers. */
  function largest(weigh: (entries: readonly Entry[]) => number): readonly Entry[] {
    const byAddress = [...Map.groupBy(all, ({ address }) => address).values()]
    return byAddress.reduce((most, others) => (weigh(others) > weigh(most) ? others : most), [])
  }

  function leave(entry: Entry): void {
    if (!all.delete(entry)) return
    set(entry, 0)
    for (const again of entry.resume.splice(0)) again()
    wake(entry.peer)
  }

  /** Of some answers, the one that has waited longest for the other side is given up. Says whether there was one. */
  function giveUp(among: readonly Entry[], why: string): boolean {
    const slowest = among.find(({ bytes }) => bytes > 0)
    if (!slowest) return false
    leave(slowest)
    slowest.abort(new Error(why))
    return true
  }

  /** Let whatever waits for room of a peer look again. */
  function wake(peer: string): void {
    for (const { resume } of of('peer', peer)) for (const again of resume.splice(0)) again()
  }

  /** Why one more of an address cannot be served; nothing where it can, perhaps because another gave up its place. */
  function refusal(address: string): string | undefined {
    const own = of('address', address).length
    if (own >= mostOf(address)) return 'too many requests from this address at once'
    if (all.size < limits.served) return undefined
    const crowd = largest((entries) => entries.length)
    // Who has no more than we would have then gives nothing up, but for one that others keep waiting.
    const among = crowd.length > own + 1 ? crowd : [...all].filter((entry) => entry.address !== address)
    return giveUp(among, 'it is slow, and others wait to be served') ? undefined : 'too many requests at once'
  }

  return {
    /** How many answers of a peer are under way. */
    countOf: (peer: string): number => of('peer', peer).length,
    /** Begin an answer; where it is refused, says why. */
    begin(asker: Asker): UnderWay | string {
      const refused = refusal(asker.address)
      if (refused) return refused
      const entry: Entry = { ...asker, bytes: 0, resume: [] }
      all.add(entry)

      /** Whether the peer has room; its first answer always has. */
      const hasRoom = (bytes: number): boolean => {
        const others = heldOf.get(entry.peer) ?? 0
        return others === 0 || others + bytes <= limits.unreadBytesOfPeer
      }

      return {
        async hold(bytes) {
          set(entry, 0)
          while (all.has(entry) && !hasRoom(bytes + overheadBytes))
            await new Promise<void>((resolve) => entry.resume.push(resolve))
          if (!all.delete(entry)) throw new Error('the answer was given up')
          all.add(entry)
          set(entry, bytes + overheadBytes)
          while (held > limits.unreadBytes) giveUp(largest(total), 'it is slow, and much is held for the slow')
          if (!all.has(entry)) throw new Error('the answer was given up')
        },
        taken() {
          set(entry, 0)
          wake(entry.peer)
        },
        isGivenUp: () => !all.has(entry),
        end: () => leave(entry),
      }
    },
    /** How many are under way, and how many bytes are held for them. */
    get sizes() {
      return { answers: all.size, bytes: held, peers: heldOf.size }
    },
  }
}
