/** What the parts of a simulation share: whose turn it is, what time it is, and what is to happen when. */

/** One life of a node: from its joining to its crash. */
export interface Life {
  readonly name: string
  hasEnded: boolean
}

/** Something that happens at a time; where it happens to a node, it is awaited to its end before the next. */
export interface SimulatedEvent {
  /** Whose event it is; `undefined` for the driver's own business. */
  readonly life: Life | undefined
  /** What it is, for the error when it fails. */
  readonly what: string
  readonly run: () => Promise<void> | void
}

/** What the simulated networks and clocks are driven by. */
export interface Driver {
  now(): number
  /** A whole number from `least` to `most`, both included. */
  draw(least: number, most: number): number
  /** Put an event on the queue. It is dropped if the life that it belongs to ends before. */
  schedule(delayMs: number, event: SimulatedEvent): void
  /** Say in a line what happens, for the record of the run. */
  record(line: string): void
}
