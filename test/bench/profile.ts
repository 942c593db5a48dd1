/** Where time goes: V8's sampling profiler around a task, its samples added up by phase and by function. */
import { type Profiler, Session } from 'node:inspector'

/** A phase and the functions that belong to it, with everything they call that is of no other phase. */
type Phases = Readonly<Record<string, readonly string[]>>

export type Profiled = {
  /** Parts of the time in which the thread was busy, in hundredths, by phase; what is in none is `other`. */
  readonly busyPercent: Readonly<Record<string, number>>
  /** Part of all time in which it waited, in hundredths. */
  readonly waitingPercent: number
  /** The functions that took most time themselves, in hundredths of the busy time. */
  readonly hottest: readonly { readonly function: string; readonly percent: number }[]
}

/** Profile a task of this thread. `phases` name functions; the innermost named one on the stack takes the sample. */
export async function profiled(task: () => Promise<void>, phases: Phases): Promise<Profiled> {
  const session = new Session()
  session.connect()
  const post = <T>(method: string, params?: object) =>
    new Promise<T>((resolve, reject) =>
      session.post(method, params, (error, result) => (error ? reject(error) : resolve(result as T))),
    )
  await post('Profiler.enable')
  await post('Profiler.setSamplingInterval', { interval: 500 })
  await post('Profiler.start')
  await task()
  const { profile } = await post<Profiler.StopReturnType>('Profiler.stop')
  session.disconnect()
  return summaryOf(profile, phases)
}

function summaryOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile, phases: Phases): Profiled {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const phaseByName = new Map(Object.entries(phases).flatMap(([phase, names]) => names.map((name) => [name, phase])))
  const phaseOf = (id: number): string => {
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const phase = phaseByName.get(byId.get(at)!.callFrame.functionName)
      if (phase) return phase
    }
    return 'other'
  }
  const byPhase = new Map<string, number>()
  const byFunction = new Map<string, number>()
  const add = (to: Map<string, number>, name: string, time: number) => to.set(name, (to.get(name) ?? 0) + time)
  let busy = 0
  let waiting = 0
  for (const [at, id] of samples.entries()) {
    const time = timeDeltas[at] ?? 0
    const { functionName, url } = byId.get(id)!.callFrame
    // The profiler itself stops the thread while it starts.
    if (url === 'node:inspector') continue
    if (functionName === '(idle)') {
      waiting += time
      continue
    }
    busy += time
    add(byPhase, phaseOf(id), time)
    add(byFunction, url === '' ? functionName : `${functionName || '(anonymous)'} ${shortened(url)}`, time)
  }
  return {
    busyPercent: Object.fromEntries([...byPhase].sort(byMost).map(([phase, time]) => [phase, percent(time, busy)])),
    waitingPercent: percent(waiting, busy + waiting),
    hottest: [...byFunction]
      .sort(byMost)
      .slice(0, 12)
      .map(([name, time]) => ({ function: name, percent: percent(time, busy) })),
  }
}

const percent = (part: number, whole: number): number => Math.round((part / Math.max(1, whole)) * 1000) / 10

const byMost = ([, a]: readonly [string, number], [, b]: readonly [string, number]) => b - a

/** A file, as short as it can still be found by. */
const shortened = (url: string): string => url.split('/').slice(-2).join('/')
