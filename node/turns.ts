/** One thing after the other: tasks run in the order of asking, and one that fails keeps none behind it from its turn. */

/** A queue of its own: what it returns runs a task after everything that was asked before, and hands on what came of it. */
export function createTurns(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const turn = last.then(task)
    last = turn.catch(() => undefined)
    return turn
  }
}
