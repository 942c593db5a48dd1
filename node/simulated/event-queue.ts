/** Things that are to happen at a time: the earliest first, and at one time the one that was put in first. */
interface EventQueue<T> {
  push(timeMs: number, item: T): void
  /** When the next one is due; `undefined` when there is none. */
  nextMs(): number | undefined
  pop(): { readonly timeMs: number; readonly item: T } | undefined
}

interface Slot<T> {
  readonly timeMs: number
  readonly order: number
  readonly item: T
}

/** An empty queue: a binary heap over time and order of arrival, so that equal times never depend on luck. */
export function createEventQueue<T>(): EventQueue<T> {
  const heap: Slot<T>[] = []
  let order = 0

  const isBefore = (left: Slot<T>, right: Slot<T>) =>
    left.timeMs < right.timeMs || (left.timeMs === right.timeMs && left.order < right.order)

  function swap(left: number, right: number): void {
    const slot = heap[left]!
    heap[left] = heap[right]!
    heap[right] = slot
  }

  function rise(start: number): void {
    let index = start
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(heap[index]!, heap[parent]!)) return
      swap(index, parent)
      index = parent
    }
  }

  function sink(): void {
    let index = 0
    while (true) {
      let first = index
      for (const child of [2 * index + 1, 2 * index + 2])
        if (child < heap.length && isBefore(heap[child]!, heap[first]!)) first = child
      if (first === index) return
      swap(index, first)
      index = first
    }
  }

  return {
    push(timeMs, item) {
      heap.push({ timeMs, order: order++, item })
      rise(heap.length - 1)
    },
    nextMs: () => heap[0]?.timeMs,
    pop() {
      const first = heap[0]
      const last = heap.pop()
      if (heap.length > 0) {
        heap[0] = last!
        sink()
      }
      return first
    },
  }
}
