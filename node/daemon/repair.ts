/** Looking at a home's database while no daemon holds it, and mending it. */
import { existsSync } from 'node:fs'
import { networkId } from '../../protocol/rules.ts'
import { diskPath, isHeld, openDisk } from '../ledger/disk.ts'
import { checkFormat, createStore } from '../ledger/store.ts'
import { believesNone, createVerifier } from '../ledger/verified.ts'
import { openProofs } from '../proofs/proofs.ts'
import type { Finding } from '../service.ts'
import { homeFile } from '../settings/files.ts'
import { pathsOf } from '../settings/home.ts'
import { parseNetworkFile } from '../settings/network-file.ts'
import { examine } from './doctor.ts'
import { migrate } from './migrations.ts'
import { systemClock } from './system.ts'

type Wanted = {
  readonly home: string
  readonly how: 'look' | 'mend'
  /** Told what is being done. */
  readonly told: (sentence: string) => void
}

/** Everything found; what can be mended is, where that is wanted. Throws where the database is of another wire or format. */
export async function repairHome({ home, how, told }: Wanted): Promise<readonly Finding[]> {
  const { rules, genesis } = parseNetworkFile(homeFile(pathsOf(home).network, 'It holds no network file.'))
  const path = diskPath(home)
  if (!existsSync(path))
    return [{ check: 'database', ok: true, detail: 'is not there yet; it comes with the first start' }]
  const disk = await openDisk(home).catch(async (error: Error) => {
    if (how === 'look' || isHeld(error.cause as Error)) throw error
    const { Level } = await import('level')
    // Its types leave this out, because browsers have no such thing.
    await (Level as unknown as { repair(location: string): Promise<void> }).repair(path)
    return openDisk(home)
  })
  const stops: (() => Promise<void>)[] = [() => disk.close()]
  try {
    if (how === 'mend') await migrate({ disk, mailboxKey: undefined }, { told })
    await checkFormat(disk)
    const proofs = openProofs(rules)
    stops.unshift(() => proofs.close())
    const store = createStore(disk)
    const { findings, cure } = await examine({
      store,
      context: { network: networkId(rules, genesis), rules, verify: createVerifier(), verifyProof: believesNone },
      genesis,
      clock: systemClock,
      proofs,
      progress: (what) => told(`${what} …`),
    })
    if (how === 'look' || cure.length === 0) return findings
    await store.write(cure)
    return findings.map(({ ok, detail, ...rest }) =>
      ok ? { ...rest, ok, detail } : { ...rest, ok: true, detail: `mended; it was: ${detail}` },
    )
  } finally {
    for (const stop of stops) await stop()
  }
}
