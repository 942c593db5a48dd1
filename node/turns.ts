/** One thing after the other: tasks run in the order of asking, and one that fails keeps none behind it from its turn. */

/** A new queue. The function returned runs a task after all that were given to it before, and settles as the task does. */
export function createTurns(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const turn = last.then(task)
    last = turn.catch(() => undefined)
    return turn
  }
}
