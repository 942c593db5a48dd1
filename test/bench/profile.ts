/** Where time goes: V8's sampling profiler around a task, its samples added up by phase and by function. */
(globalThis as any).n = 0
import { Session } from 'node:inspector/promises'

/** A phase and the functions that belong to it, with everything they call that is of no other phase. */
export type Phases = Readonly<Record<string, readonly string[]>>

export type Profiled = {
  /** Share of the samples in which the thread was busy, in hundredths, by phase; what is in none is `other`. */
  readonly busyPercent: Readonly<Record<string, number>>
  /** Share of all samples in which it waited, in hundredths. */
  readonly waitingPercent: number
  /** The functions in which most time was spent themselves, with their share of the busy samples. */
  readonly hottest: readonly { readonly function: string; readonly percent: number }[]
}

/** Profile a task of this thread. `phases` name functions; the innermost named one on the stack takes the sample. */
export async function profiled(task: () => Promise<void>, phases: Phases): Promise<Profiled> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 250 })
  await session.post('Profiler.start')
  await task()
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  if (process.env.BENCH_PROFILE) (await import('node:fs')).writeFileSync(process.env.BENCH_PROFILE + (globalThis as any).n++ + '.cpuprofile', JSON.stringify(profile))
  return summaryOf(profile, phases)
}

type Frame = { readonly functionName: string; readonly url: string }
type Profile = {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame; readonly children?: readonly number[] }[]
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
}

function summaryOf({ nodes, samples = [], timeDeltas = [] }: Profile, phases: Phases): Profiled {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const phaseByName = new Map(Object.entries(phases).flatMap(([phase, names]) => names.map((name) => [name, phase])))
  const phaseOf = (id: number | undefined): string => {
    for (let at = id; at !== undefined; at = parents.get(at)) {
      const phase = phaseByName.get(byId.get(at)!.callFrame.functionName)
      if (phase) return phase
    }
    return 'other'
  }
  const byPhase = new Map<string, number>()
  const byFunction = new Map<string, number>()
  let busy = 0
  let waiting = 0
  for (const [at, id] of samples.entries()) {
    const spent = timeDeltas[at] ?? 0
    const { functionName, url } = byId.get(id)!.callFrame
    if (functionName === '(idle)') {
      waiting += spent
      continue
    }
    busy += spent
    const phase = phaseOf(id)
    byPhase.set(phase, (byPhase.get(phase) ?? 0) + spent)
    const name = nameOf(functionName, url)
    byFunction.set(name, (byFunction.get(name) ?? 0) + spent)
  }
  const share = (part: number, whole: number) => Math.round((part / Math.max(1, whole)) * 1000) / 10
  return {
    busyPercent: Object.fromEntries([...byPhase].sort(byMost).map(([phase, spent]) => [phase, share(spent, busy)])),
    waitingPercent: share(waiting, busy + waiting),
    hottest: [...byFunction]
      .sort(byMost)
      .slice(0, 12)
      .map(([name, spent]) => ({ function: name, percent: share(spent, busy) })),
  }
}

const byMost = ([, a]: readonly [string, number], [, b]: readonly [string, number]) => b - a

/** The function and its file, as short as it can still be found by. */
const nameOf = (functionName: string, url: string): string =>
  url === '' ? functionName : `${functionName || '(anonymous)'} ${url.split('/').slice(-2).join('/')}`
