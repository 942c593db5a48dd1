/** Multiaddrs in settings: those that cannot work are refused where that can be told without trying. */

/** What nodes dial each other by: TCP on a machine or a name, or the addresses that a name's text records hold. */
const dialled = /^(ip6zone\/)?(ip4|ip6|dns|dns4|dns6)\/tcp(\/p2p)?$|^dnsaddr(\/p2p)?$/
const nowhere = new Set(['0.0.0.0', '::', '0:0:0:0:0:0:0:0'])
const example = '/ip4/203.0.113.7/tcp/4420'

type Component = { readonly name: string; readonly value?: string | undefined }

/** Well-formed addresses. Throws an Error whose message ends “peers …”. */
export const multiaddrs = (value: unknown): Promise<readonly string[]> => checked(value, () => undefined)

/** Addresses that others can be dialled at. Throws where one cannot be. */
export const peerAddresses = (value: unknown): Promise<readonly string[]> => checked(value, whyNotDialled)

/** Addresses that others can dial us at. Throws where nobody can. */
export const ownAddresses = (value: unknown): Promise<readonly string[]> =>
  checked(value, (parts) => {
    if (parts.some(({ value: host = '' }) => nowhere.has(host))) return 'it names no machine that others could dial'
    return whyNotDialled(parts)
  })

/** The names in an address that have to be looked up before it can be dialled. */
export async function namesIn(address: string): Promise<readonly string[]> {
  const { multiaddr } = await import('@multiformats/multiaddr')
  const parts: readonly Component[] = multiaddr(address).getComponents()
  return parts.filter(({ name }) => /^dns[46]?$/.test(name)).map(({ value }) => value!)
}

function whyNotDialled(parts: readonly Component[]): string | undefined {
  if (!dialled.test(parts.map(({ name }) => name).join('/'))) return 'nodes speak TCP, and nothing else'
  return parts.some(({ name, value }) => name === 'tcp' && value === '0') ? 'nobody listens on port 0' : undefined
}

async function checked(
  value: unknown,
  whyNot: (parts: readonly Component[]) => string | undefined,
): Promise<readonly string[]> {
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string'))
    throw new Error(`must be a list of multiaddrs, and not ${JSON.stringify(value)}`)
  if (value.length === 0) return []
  // Loaded only where there are addresses, because it takes a fifth of a second.
  const { multiaddr } = await import('@multiformats/multiaddr')
  const { peerIdFromString } = await import('@libp2p/peer-id')
  for (const item of value) {
    let why: string | undefined
    let cause: unknown
    try {
      const parts = multiaddr(item).getComponents()
      // The library takes any text there, and fails when it dials.
      for (const { name, value: peer = '' } of parts) if (name === 'p2p') peerIdFromString(peer)
      why = parts.length === 0 ? 'it is empty' : whyNot(parts)
    } catch (error) {
      cause = error
      why = (error as Error).message
    }
    if (why) throw new Error(`must hold multiaddrs like ${example}, and “${item}” is none (${why})`, { cause })
  }
  return value
}
