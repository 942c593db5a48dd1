/** Connections between simulated nodes: all that are wanted come about after a delay, and none outlasts a cut, a ban or a crash. */
import type { Driver } from './driver.ts'
import type { SimulatedNode, SimulatedNodes } from './node.ts'

type Options = {
  readonly driver: Pick<Driver, 'now' | 'record' | 'schedule'>
  readonly nodes: SimulatedNodes
  /** Which nodes link when nothing keeps them apart; asked with the names in order. */
  readonly isLinked: (left: string, right: string) => boolean
  /** How long it takes to connect. */
  readonly drawDelay: () => number
}

/** Two sets of nodes that are kept apart; without `right`, the first from everybody else. */
type Cut = { readonly left: ReadonlySet<string>; readonly right: ReadonlySet<string> | undefined }

export type Links = ReturnType<typeof createLinks>

export function createLinks({ driver, nodes, isLinked, drawDelay }: Options) {
  /** Pairs whose connection is being made. */
  const connecting = new Set<string>()
  let cuts: Cut[] = []
  let connections = 0

  const isCut = (left: string, right: string): boolean =>
    cuts.some((cut) => parts(cut, left, right) || parts(cut, right, left))

  const isBanned = (by: SimulatedNode, { name }: SimulatedNode): boolean => (by.bans.get(name) ?? 0) > driver.now()

  const isWanted = (left: SimulatedNode, right: SimulatedNode): boolean =>
    isLinked(left.name, right.name) && !isCut(left.name, right.name) && !isBanned(left, right) && !isBanned(right, left)

  /** Make every link that should be there, and end every one that should not. */
  function refresh(): void {
    const all = [...nodes.values()].sort(byName)
    for (const [index, left] of all.entries())
      for (const right of all.slice(index + 1)) {
        if (!isWanted(left, right)) unlink(left, right)
        else if (!left.links.has(right.name)) link(left, right)
      }
  }

  function link(left: SimulatedNode, right: SimulatedNode): void {
    const pair = JSON.stringify([left.name, right.name])
    if (connecting.has(pair)) return
    connecting.add(pair)
    const run = () => {
      connecting.delete(pair)
      const areThere = nodes.get(left.name) === left && nodes.get(right.name) === right
      if (!areThere) return refresh() // One of the two is in another life, and wants its own connection.
      if (!isWanted(left, right)) return
      connections += 1
      left.links.set(right.name, connections)
      right.links.set(left.name, connections)
      tell(left, right.name, 'up')
      tell(right, left.name, 'up')
    }
    driver.schedule(drawDelay(), { life: undefined, what: 'a connection', run })
  }

  function unlink(left: SimulatedNode, right: SimulatedNode): void {
    if (!left.links.delete(right.name)) return
    right.links.delete(left.name)
    tell(left, right.name, 'down')
    tell(right, left.name, 'down')
  }

  function tell(node: SimulatedNode, peer: string, state: 'up' | 'down'): void {
    for (const listener of node.listeners) {
      // A listener may be asynchronous all the same; then it is an event like any other, and awaited.
      const run = async () => {
        driver.record(`${state} ${node.name} ${peer}`)
        await listener(peer, state)
      }
      driver.schedule(0, { life: node.life, what: 'a listener for peers', run })
    }
  }

  return {
    refresh,
    /** End a connection of a node to a peer, and make none for so long. */
    refuse(node: SimulatedNode, peer: string, banMs: number): void {
      const endMs = Math.max(driver.now() + banMs, node.bans.get(peer) ?? 0)
      node.bans.set(peer, endMs)
      const other = nodes.get(peer)
      if (other) unlink(node, other)
      driver.schedule(endMs - driver.now(), { life: node.life, what: 'the end of a ban', run: refresh })
    },
    /** End all connections of a node that is gone. */
    unlinkAll(node: SimulatedNode): void {
      for (const peer of [...node.links.keys()].sort()) unlink(node, nodes.get(peer)!)
    },
    cut(left: readonly string[], right: readonly string[] | undefined): void {
      cuts.push({ left: new Set(left), right: right && new Set(right) })
      refresh()
    },
    heal(): void {
      cuts = []
      refresh()
    },
  }
}

const parts = ({ left, right }: Cut, from: string, to: string): boolean =>
  left.has(from) && (right ? right.has(to) : !left.has(to))

function byName(left: SimulatedNode, right: SimulatedNode): number {
  return left.name < right.name ? -1 : 1
}
