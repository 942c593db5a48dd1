/** The attacker's process: `node attacker.ts`, told over its line which attack it is, and where. */
import { attacks } from './all.ts'
import { type Briefing, createMallory } from './mallory.ts'

/** What the stage says to it, and what it says. */
export type Order = { readonly name: string; readonly briefing: Briefing } | { readonly begun: true }
export type Report =
  | { readonly ready: true }
  | { readonly done: true; readonly cpuMs: number; readonly failed?: string }

const tell = (report: Report): void => void process.send!(report)
let begun = () => {}
// Whatever she does wrong is hers; the honest are to be looked at.
process.on('unhandledRejection', () => undefined)
process.on('uncaughtException', () => undefined)
process.on('disconnect', () => process.exit())

process.on('message', async (order: Order) => {
  if ('begun' in order) return begun()
  const { name, briefing } = order
  let spent = process.cpuUsage()
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage(spent)
    return Math.round((user + system) / 1_000)
  }
  const begin = async (): Promise<void> => {
    const answer = new Promise<void>((resolve) => (begun = resolve))
    tell({ ready: true })
    await answer
    spent = process.cpuUsage()
  }
  try {
    const mallory = await createMallory(briefing, begin)
    await attacks.find((attack) => attack.name === name)!.strike(mallory)
    tell({ done: true, cpuMs: cpuMs() })
    await mallory.close()
  } catch (error) {
    tell({ done: true, cpuMs: cpuMs(), failed: (error as Error).stack ?? String(error) })
  }
  process.exit()
})
