/** Whose voice a peer's is: peers behind one address are one, but for those that our owner named, and where many honest ones share an address. */
import type { Voice } from '../seams.ts'
import type { Connections } from './connections.ts'
import { hostOf, shareOf } from './hosts.ts'

type Options = {
  readonly connections: Pick<Connections, 'to'>
  /** Peers that we were told to keep; the id, where the address names it. */
  readonly targets: readonly { readonly peer: string | undefined }[]
  readonly colocated: readonly string[]
}

export function createVoices({ connections, targets, colocated }: Options): (peer: string) => Voice {
  const chosen = new Set(targets.map(({ peer }) => peer))
  const shared = new Set(colocated.map(shareOf))
  return (peer) => {
    const isChosen = chosen.has(peer)
    const connection = connections.to(peer)
    const address = connection && shareOf(hostOf(connection))
    const isByItself = isChosen || address === undefined || shared.has(address)
    return { name: isByItself ? peer : address, isChosen }
  }
}
