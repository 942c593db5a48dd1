/**
 * Whether a request was meant for this server: by the host that it names, and by the page that it comes from. A page in a
 * browser, led here by DNS, names its own host; one that asks across origins names itself. Neither gets anything.
 */
import { isIP } from 'node:net'

/** Who a server is: its names in lower case without a port (an IPv6 address in brackets), and its port, null for any. */
export type OwnHost = {
  readonly names: readonly string[]
  readonly port: number | null
  /** Whether any address will do as a name: no DNS leads to one. */
  readonly isAnyAddress: boolean
}

/** A server that listens on loopback, or on the address `host`. */
export const ownHost = ({ host, port }: { readonly host: string; readonly port: number }): OwnHost => ({
  names: ['127.0.0.1', 'localhost', '[::1]', (host.includes(':') ? `[${host}]` : host).toLowerCase()],
  port,
  isAnyAddress: false,
})

/** Whether the headers of a request name this server, and no page of another. */
export function isForOwnHost(
  { host, origin }: { readonly host?: string | undefined; readonly origin?: string | undefined },
  own: OwnHost,
): boolean {
  const isOwnOrigin = origin === undefined || (origin.startsWith('http://') && isNamed(origin.slice(7), own))
  return host !== undefined && isNamed(host, own) && isOwnOrigin
}

function isNamed(host: string, { names, port, isAnyAddress }: OwnHost): boolean {
  const [, name = '', given] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(host.toLowerCase()) ?? []
  if (port !== null && given !== String(port)) return false
  return names.includes(name) || (isAnyAddress && isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0)
}
