/** Taking times on a machine that has other things to do: wall and processor time side by side, and medians. */
import { readFileSync } from 'node:fs'

export type Spent = { readonly wallMs: number; readonly cpuMs: number }

/** What a task takes, on the clock and of all cores together. */
export async function spent(task: () => Promise<void> | void): Promise<Spent> {
  const cpu = process.cpuUsage()
  const begun = performance.now()
  await task()
  const { user, system } = process.cpuUsage(cpu)
  return { wallMs: performance.now() - begun, cpuMs: (user + system) / 1000 }
}

/** The one in the middle; of none, 0. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value under which so large a part of them lies (from 0 to 1); of none, 0. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

/** Rounded to so many digits that mean something. */
export const digits = (value: number, count = 3): number => Number(value.toPrecision(count))

export const megabytes = (bytes: number): number => digits(bytes / 1e6)

/** Tell whoever waits, without touching what is printed as the result. */
export const tell = (text: string): void => void process.stderr.write(`${text}\n`)

/** The memory that a process has now, in megabytes. */
export const residentOf = (pid: number): number =>
  megabytes(Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) * 1024)
