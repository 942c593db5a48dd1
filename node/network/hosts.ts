/** Hosts that connections are with, and which of them share. */
import type { MultiaddrConnection } from '@libp2p/interface'

/** The host that a connection is with. */
export const hostOf = ({ remoteAddr }: Pick<MultiaddrConnection, 'remoteAddr'>): string =>
  remoteAddr.getComponents().find(({ name }) => name === 'ip4' || name === 'ip6')?.value ?? 'elsewhere'

/** Who shares with whom: an IPv4 address is one share, and of IPv6 the first 64 bits are, because anybody has as many as that leaves. */
export function shareOf(host: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)
  if (mapped) return mapped[1]!
  if (!host.includes(':')) return host
  const [before = '', after] = host.toLowerCase().split('::')
  const front = before === '' ? [] : before.split(':')
  const back = after ? after.split(':') : []
  const middle = after === undefined ? 0 : Math.max(0, 8 - front.length - back.length)
  const groups = [...front, ...Array.from({ length: middle }, () => '0'), ...back]
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}
