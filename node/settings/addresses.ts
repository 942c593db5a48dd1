/** Multiaddrs in settings: those that cannot work are refused where that can be told without trying. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { base58 } from '@scure/base'

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

/** The library takes any text as a peer id, and fails when it dials. */
function whyNoPeer(parts: readonly Component[]): string | undefined {
  const ids = parts.filter(({ name }) => name === 'p2p').map(({ value = '' }) => value)
  return ids.every(isPeerId) ? undefined : 'what stands behind /p2p/ is no peer id of a node'
}

/** Every node's key is an Ed25519 key, which its id holds: the multihash “identity” of 36 bytes, of which four say so. */
function isPeerId(text: string): boolean {
  try {
    const bytes = base58.decode(text)
    return bytes.length === 38 && bytesToHex(bytes.subarray(0, 6)) === '002408011220'
  } catch {
    return false
  }
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
  for (const item of value) {
    let why: string | undefined
    let cause: unknown
    try {
      const parts = multiaddr(item).getComponents()
      why = parts.length === 0 ? 'it is empty' : (whyNoPeer(parts) ?? whyNot(parts))
    } catch (error) {
      cause = error
      why = (error as Error).message
    }
    if (why) throw new Error(`must hold multiaddrs like ${example}, and “${item}” is none (${why})`, { cause })
  }
  return value
}
