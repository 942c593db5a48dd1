/** A replay, what becomes of it where people act otherwise, and what can be done to the network itself. */
import { otherHabits } from './habits.ts'
import { type Pressed, pressuresOf } from './pressures.ts'
import { type Outcome, type Request, simulate } from './simulate.ts'
import { type Sensitivity, sensitivityOf } from './summary.ts'

export type Study = {
  readonly outcome: Outcome
  readonly pressures: readonly Pressed[]
  /** As usual first; empty where it was not asked for. */
  readonly sensitivity: readonly Sensitivity[]
}

type StudyRequest = Omit<Request, 'progress'> & {
  /** Whether to replay the trace under each of the other habits, too. */
  readonly isThorough: boolean
  /** Told now and then how many messages of how many are done, over all replays. */
  readonly progress?: (done: number, all: number) => void
}

export function studyOf({ isThorough, progress, ...request }: StudyRequest): Study {
  const others = isThorough ? otherHabits : []
  const each = request.trace.messages.length
  const replay = (habits: Request['habits'], at: number): Outcome =>
    simulate({
      ...request,
      habits: { ...request.habits, ...habits },
      progress: (done) => progress?.(at * each + done, (1 + others.length) * each),
    })
  const outcome = replay({}, 0)
  const pressures = pressuresOf(request.numbers)
  if (!isThorough) return { outcome, pressures, sensitivity: [] }
  const rows = others.map(({ name, habits }, at) => sensitivityOf(name, replay(habits, at + 1)))
  return { outcome, pressures, sensitivity: [sensitivityOf('as usual', outcome), ...rows] }
}
