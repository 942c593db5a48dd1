/**
 * The small files of a home, mended where that can be: the keystore and the secrets have a checksum, and where one byte is
 * wrong, it tells which; the network's file has a copy in the database. What was there before is kept, under a name with
 * a date.
 */
import { existsSync, lstatSync, renameSync } from 'node:fs'
import { equalBytes } from '../../protocol/codec.ts'
import { networkId } from '../../protocol/rules.ts'
import { isWhole } from '../keys/keystore.ts'
import { keyIn, type Store } from '../ledger/store.ts'
import type { Finding } from '../service.ts'
import { homeFile, smallFile } from '../settings/files.ts'
import { pathsOf, replaceFile } from '../settings/home.ts'
import { formatNetworkFile, type NetworkFile, parseNetworkFile } from '../settings/network-file.ts'
import { withoutHostKey } from './host-key.ts'
import { secretIn, secretNames, secretPath } from './secrets.ts'

/** How something is looked after: whether it is mended, and the date in the names of what is set aside. */
export type Looking = { readonly how: 'look' | 'mend'; readonly date: string }

/** Look at the files that hold keys. */
export function checkKeys(home: string, looking: Looking): Finding[] {
  const { keystore } = pathsOf(home)
  const files: KeyFile[] = [
    { path: keystore, isRight: isWhole, otherwise: 'restore it from a copy, or the mailbox from its recovery phrase' },
    ...secretNames.map((name) => ({
      path: secretPath(home, name),
      isRight: (bytes: Uint8Array) => secretIn(Buffer.from(bytes).toString('latin1')) !== undefined,
      otherwise: `restore it from a back-up${name === 'host' ? `. ${withoutHostKey}` : ''}`,
      isMadeAnew: name === 'peer' && isPersonsAlone(home),
    })),
  ]
  const findings = files.map((file) => checkKey(file, looking)).filter((finding) => finding !== undefined)
  return findings.length > 0 ? findings : [{ check: 'keys', ok: true, detail: 'can be used', mendable: false }]
}

type KeyFile = {
  readonly path: string
  readonly isRight: (bytes: Uint8Array) => boolean
  /** What to do where no byte can be put right. */
  readonly otherwise: string
  /** Whether the daemon makes another one, and nobody misses the first. */
  readonly isMadeAnew?: boolean
}

/** A person’s node is dialled by nobody who knows it by its key; a relay’s, a host’s and a keeper’s peers do. */
const isPersonsAlone = (home: string): boolean =>
  existsSync(pathsOf(home).keystore) &&
  secretNames.every((name) => name === 'peer' || !existsSync(secretPath(home, name)))

/** What is wrong with one file, or was; nothing where it is right, or not there. */
function checkKey({ path, isRight, otherwise, isMadeAnew }: KeyFile, looking: Looking): Finding | undefined {
  const { bytes, why } = bytesAt(path)
  if (!why && (!bytes || isRight(bytes))) return undefined
  const right = bytes && oneByteOff(bytes, isRight)
  const mends = looking.how === 'mend'
  if (right && mends) return { check: 'keys', ok: true, detail: replaced(path, right, looking), mendable: false }
  if (right) return { check: 'keys', ok: false, detail: `a byte of ${path} is wrong`, mendable: true }
  const fault = why ?? `${path} is damaged:`
  if (!isMadeAnew) return { check: 'keys', ok: false, detail: why ?? `${fault} ${otherwise}`, mendable: false }
  if (!mends)
    return { check: 'keys', ok: false, detail: `${fault} it is set aside, and another one made`, mendable: true }
  renameSync(path, asideOf(path, looking))
  const detail = `${path} was damaged and is kept as ${asideOf(path, looking)}. The next start makes another one: peers know this node by a new id, and its mailbox is as it was`
  return { check: 'keys', ok: true, detail, mendable: false }
}

const asideOf = (path: string, { date }: Looking): string => `${path}.damaged-${date}`

/** The bytes of a small file, or why there are none to be had. */
function bytesAt(path: string): { readonly bytes?: Uint8Array | undefined; readonly why?: string } {
  try {
    return { bytes: smallFile(path) }
  } catch (error) {
    return { why: (error as Error).message }
  }
}

/** Above this, finding the one byte takes longer than anybody waits. */
const searchedBytesMax = 8 * 1024

/** Other bytes of the same length that are right and differ in one; nothing where there are none, or where there are too many to try. */
function oneByteOff(bytes: Uint8Array, isRight: (bytes: Uint8Array) => boolean): Uint8Array | undefined {
  if (bytes.length > searchedBytesMax) return undefined
  const other = new Uint8Array(bytes)
  for (let at = 0; at < other.length; at++) {
    const was = other[at]!
    for (let by = 1; by < 256; by++) {
      other[at] = was ^ by
      if (isRight(other)) return other
    }
    other[at] = was
  }
  return undefined
}

/** Put a file's right bytes in its place; says so. */
function replaced(path: string, bytes: Uint8Array | string, looking: Looking): string {
  const aside = asideOf(path, looking)
  const wasThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined
  if (wasThere) renameSync(path, aside)
  replaceFile(path, bytes, 0o600)
  if (!wasThere) return `made ${path} anew, which was not there`
  return `mended ${path}; as it was it is kept as ${aside}`
}

/** Keep a copy of the network's file in the database. */
export async function keepNetworkFile(store: Pick<Store, 'get' | 'write'>, file: NetworkFile): Promise<void> {
  const value = new TextEncoder().encode(formatNetworkFile(file))
  const known = await store.get(keyIn('network'))
  if (!known || !equalBytes(known, value)) await store.write([{ key: keyIn('network'), value }])
}

/** The network of a home. A file that cannot be used, or is of another network than the database, is made of the copy there. */
export async function networkOf(
  home: string,
  store: Pick<Store, 'get' | 'head'> | undefined,
  looking: Looking,
): Promise<{ readonly file: NetworkFile | undefined; readonly finding: Finding }> {
  const { network: path } = pathsOf(home)
  const inUse = (await store?.head().catch(() => undefined))?.sealed.header.network
  const isRight = ({ rules, genesis }: NetworkFile): boolean => !inUse || equalBytes(networkId(rules, genesis), inUse)
  const { file, why } = read(() => homeFile(path, 'It holds no network file.'))
  if (file && isRight(file))
    return { file, finding: { check: 'network file', ok: true, detail: 'can be used', mendable: false } }
  const fault = why ?? `${path} is of another network than the database in ${home}.`
  const bytes = await store?.get(keyIn('network')).catch(() => undefined)
  const kept = bytes && read(() => new TextDecoder().decode(bytes)).file
  const bad = { check: 'network file', ok: false }
  if (!inUse || !kept || !isRight(kept)) {
    const detail = `${fault} Get it again from whoever runs the network, and put it in place.`
    return { file: undefined, finding: { ...bad, detail, mendable: false } }
  }
  if (looking.how === 'look') return { file: kept, finding: { ...bad, detail: fault, mendable: true } }
  const detail = replaced(path, formatNetworkFile(kept), looking)
  return { file: kept, finding: { ...bad, ok: true, detail, mendable: false } }
}

function read(text: () => string): { readonly file?: NetworkFile; readonly why?: string } {
  try {
    return { file: parseNetworkFile(text()) }
  } catch (error) {
    return { why: (error as Error).message.replaceAll(/\s+/g, ' ') }
  }
}
