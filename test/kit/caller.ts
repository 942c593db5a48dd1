/** A connection that asks for admission: what `admission.ts` reads of it, and whether it was put out. */
import { multiaddr } from '@multiformats/multiaddr'
import type { Caller } from '../../node/network/admission.ts'

export function caller(from: string) {
  const listeners: (() => void)[] = []
  const one = {
    isOver: false,
    remoteAddr: multiaddr(`/ip4/${from}/tcp/1`),
    abort() {
      one.isOver = true
      for (const listener of listeners) listener()
    },
    addEventListener: (_: string, listener: () => void) => void listeners.push(listener),
  }
  return one as typeof one & Caller
}
