/**
 * That the key of the network's host is where it was. A home that has lost it looks like any relay's, and its network stands
 * still: so the database remembers that it was here, and from which batch on it was missing.
 */
import { existsSync } from 'node:fs'
import { bytesToHex } from '@noble/hashes/utils.js'
import { U64 } from '../../protocol/codec.ts'
import type { Rules } from '../../protocol/rules.ts'
import { decodeStored } from '../ledger/damage.ts'
import { keyIn, type Store } from '../ledger/store.ts'
import { signingKeyOf } from '../keys/sign.ts'
import type { Finding } from '../service.ts'
import { readSecret, secretPath } from './secrets.ts'

/** Beside the network's file: nothing where the key was here at the last start, else the height (8 bytes) at which it was missed first. */
const key = keyIn('network', Uint8Array.of(0x68))

/** Remember at a start whether the host's key is here; says what is wrong where it was and is not. */
export async function rememberHostKey(
  store: Pick<Store, 'get' | 'write'>,
  { home, isHost, height }: { readonly home: string; readonly isHost: boolean; readonly height: bigint },
): Promise<string | undefined> {
  const known = await store.get(key)
  if (isHost) {
    if (known?.length !== 0) await store.write([{ key, value: new Uint8Array(0) }])
    return undefined
  }
  if (known?.length === 0) await store.write([{ key, value: U64.encode(height) }])
  return lostSince(known, height) ? lost(home) : undefined
}

/** Whether the key that the network names is in a home that had it; nothing to be said of a home that never did. */
export async function hostKeyFinding(
  store: Pick<Store, 'get' | 'head'>,
  { home, rules }: { readonly home: string; readonly rules: Pick<Rules, 'hostKey'> },
): Promise<Finding[]> {
  const path = secretPath(home, 'host')
  const found = (ok: boolean, detail: string): Finding[] => [{ check: 'host key', ok, detail, mendable: false }]
  if (!existsSync(path)) {
    const height = (await store.head())?.sealed.header.height ?? 0n
    return lostSince(await store.get(key), height) ? found(false, lost(home)) : []
  }
  const secret = readable(home)
  // What is damaged is told of among the keys.
  if (!secret) return []
  return bytesToHex(signingKeyOf(secret)) === bytesToHex(rules.hostKey)
    ? found(true, 'is the one that the network names')
    : found(
        false,
        `${path} is not the key of the host that the network names, so the daemon does not start. Restore the right one from a back-up, or remove it where this home is to be a relay.`,
      )
}

/** Where batches came since the key was missed, another home has it, and signs. */
function lostSince(known: Uint8Array | undefined, height: bigint): boolean {
  if (!known) return false
  return known.length === 0 || height <= decodeStored(U64, known, 'when the host’s key was missed')
}

function readable(home: string): Uint8Array | undefined {
  try {
    return readSecret(home, 'host')
  } catch {
    return undefined
  }
}

/** What follows where the host's key is gone, and what to do. */
export const withoutHostKey =
  'Without it nobody can sign batches, so no mail of the network is settled, and it cannot be made again: the network’s rules name it. Restore it from a back-up; where there is none, the network has to be founded anew.'

const lost = (home: string): string =>
  `${secretPath(home, 'host')}, the key of the network’s host, was here and is gone. ${withoutHostKey} If another home is the host now, this is over with its next batch.`
