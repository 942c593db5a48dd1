/** What a part of the benchmark is made of. */
import type Table from 'cli-table3'

type Settings = {
  /** Smaller and shorter, to look at while one works. */
  readonly isQuick: boolean
}

/** One part: what it measures, and how that is told to people. The result is what `--json` prints. */
export type Section<Result> = {
  readonly title: string
  run(settings: Settings): Promise<Result>
  /** Rows of tables, the first of each its head. */
  tables(result: Result): readonly (readonly Table.Cell[][])[]
  /** What the tables do not say. */
  notes(result: Result): readonly string[]
}
