/**
 * Keep connections to the peers we were told to keep, for ever: the library gives up after a few tries.
 * The wait doubles with each failure up to a cap, and half of it is random, so that a relay which comes
 * back is not dialled by everybody in the same second.
 */
import type { Clock, Random } from '../seams.ts'

interface RedialOptions {
  /** What to keep connected to, and the peer id behind it where the address names one. */
  readonly targets: readonly { readonly address: string; readonly peer: string | undefined }[]
  /** Dial one address; resolves to the peer id that answered. */
  readonly dial: (address: string) => Promise<string>
  readonly isConnected: (peer: string) => boolean
  readonly clock: Clock
  readonly random: Random
  readonly log: { debug(fields: object, text: string): void; info(fields: object, text: string): void }
  /** The wait after the first failure, and the longest one. */
  readonly firstMs: number
  readonly capMs: number
}

export interface Redial {
  /** A peer went away: if it is one of ours, dial it again soon. */
  lost(peer: string): void
  /** What we are to stay connected to and are not, with the last failure; the first may be chance. */
  unreached(): readonly { readonly address: string; readonly peer: string | undefined; readonly error: Error }[]
  /** Dial no more. A dial under way is left to end by its own deadline. */
  close(): void
}

interface Target {
  readonly address: string
  peer: string | undefined
  failures: number
  lastError: Error | undefined
  isDialling: boolean
  cancel: () => void
}

/** Start dialling all targets at once. */
export function keepConnected(options: RedialOptions): Redial {
  const { clock, random, log } = options
  let closed = false
  const targets = options.targets.map(
    ({ address, peer }): Target => ({
      address,
      peer,
      failures: 0,
      lastError: undefined,
      isDialling: false,
      cancel: () => {},
    }),
  )

  function schedule(target: Target, delayMs: number): void {
    if (closed) return
    target.cancel()
    target.cancel = clock.after(delayMs, () => tend(target))
  }

  async function tend(target: Target): Promise<void> {
    if (target.peer === undefined || !options.isConnected(target.peer)) {
      target.isDialling = true
      try {
        target.peer = await options.dial(target.address)
        if (!options.isConnected(target.peer)) throw new Error('it hung up at once')
        if (target.failures > 0) log.info({ peer: target.peer }, 'connected again to a peer we keep')
        target.failures = 0
      } catch (error) {
        target.failures += 1
        target.lastError = error as Error
        const fields = { address: target.address, failures: target.failures, error }
        if (target.failures === 1) log.info(fields, 'cannot reach a peer we keep; trying on')
        else log.debug(fields, 'still cannot reach a peer we keep')
        return schedule(target, backoffMs(options, target.failures, random))
      } finally {
        target.isDialling = false
      }
    }
    // A connection can end without an event reaching us, so look again now and then.
    schedule(target, options.capMs)
  }

  for (const target of targets) schedule(target, 0)
  return {
    lost(peer) {
      for (const target of targets) {
        // A dial under way sees for itself what became of it.
        if (target.peer === peer && !target.isDialling) schedule(target, backoffMs(options, 1, random))
      }
    },
    unreached: () =>
      targets.flatMap(({ address, peer, failures, lastError }) =>
        failures < 2 || !lastError || (peer && options.isConnected(peer)) ? [] : [{ address, peer, error: lastError }],
      ),
    close() {
      closed = true
      for (const target of targets) target.cancel()
    },
  }
}

/** After `failures` in a row: between half and all of `firstMs` × 2^(failures − 1), `capMs` at most. */
export function backoffMs(
  { firstMs, capMs }: { firstMs: number; capMs: number },
  failures: number,
  random: Random,
): number {
  const wholeMs = Math.min(capMs, firstMs * 2 ** Math.min(failures - 1, 20))
  const halfMs = Math.floor(wholeMs / 2)
  const bytes = random(4)
  const drawn = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
  return wholeMs - halfMs + (drawn % (halfMs + 1))
}
