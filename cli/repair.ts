/** Looking at a home's database while no daemon holds it, and mending it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openDisk } from '../node/ledger/disk.ts'
import { examine } from '../node/daemon/doctor.ts'
import { homeFile } from '../node/settings/files.ts'
import { pathsOf } from '../node/settings/home.ts'
import { parseNetworkFile } from '../node/settings/network-file.ts'
import type { Finding } from '../node/service.ts'
import { openProofs } from '../node/proofs/proofs.ts'
import { createStore } from '../node/ledger/store.ts'
import { systemClock } from '../node/daemon/system.ts'
import { believesNone, createVerifier } from '../node/ledger/verified.ts'
import { networkId } from '../protocol/rules.ts'
import type { Invocation } from './command.ts'
import { say } from './print.ts'

/** Everything found; what can be mended is, where that is wanted. */
export async function repairHome(context: Invocation, how: 'look' | 'mend'): Promise<readonly Finding[]> {
  const { home } = context
  const { rules, genesis } = parseNetworkFile(homeFile(pathsOf(home).network, 'It holds no network file.'))
  if (!existsSync(join(home, 'data')))
    return [{ check: 'database', ok: true, detail: 'is not there yet; it comes with the first start' }]
  const disk = await openDisk(home).catch(async (error: Error) => {
    if (how === 'look' || isHeld(error)) throw error
    const { Level } = await import('level')
    // Its types leave this out, because browsers have no such thing.
    await (Level as unknown as { repair(location: string): Promise<void> }).repair(join(home, 'data'))
    return openDisk(home)
  })
  const proofs = openProofs(rules)
  try {
    const { findings, cure } = await examine({
      store: createStore(disk),
      context: { network: networkId(rules, genesis), rules, verify: createVerifier(), verifyProof: believesNone },
      genesis,
      clock: systemClock,
      proofs,
      progress: (what) => say(context, `${what} …`),
    })
    if (how === 'look' || cure.length === 0) return findings
    await disk.batch(
      cure.map(({ key, value }) => (value ? { type: 'put' as const, key, value } : { type: 'del' as const, key })),
      { sync: true } as object,
    )
    return findings.map(({ ok, detail, ...rest }) =>
      ok ? { ...rest, ok, detail } : { ...rest, ok: true, detail: `mended; it was: ${detail}` },
    )
  } finally {
    await proofs.close()
    await disk.close()
  }
}

const isHeld = ({ cause }: Error): boolean => (cause as { cause?: { code?: string } })?.cause?.code === 'LEVEL_LOCKED'
