/** What an attack costs whom: processor time and memory of a process, as the kernel counts them, and times of letters. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { megabytes } from '../bench/measure.ts'

/** The kernel's unit of processor time: every Linux that we know counts in hundredths of a second. */
const tickMs = 10
const everyMs = 250

/** Processor time that a process has used since it began, in milliseconds; undefined where it is gone. */
function cpuMsOf(pid: number): number | undefined {
  // The second field is the program's name in parentheses, which may hold anything.
  const [, after] = /\) (.*)$/s.exec(readOf(pid, 'stat') ?? '') ?? []
  if (after === undefined) return undefined
  const fields = after.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}

/** Resident memory of a process in megabytes; undefined where it is gone. */
function residentOf(pid: number): number | undefined {
  const [, kibibytes] = /VmRSS:\s+(\d+) kB/.exec(readOf(pid, 'status') ?? '') ?? []
  return kibibytes === undefined ? undefined : megabytes(Number(kibibytes) * 1024)
}

function readOf(pid: number, name: 'stat' | 'status'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return undefined
  }
}

/** What the files of a folder take, in megabytes. One that goes while it is looked at counts for nothing. */
export function storedMbOf(folder: string): number {
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0)
  return megabytes(sizes.reduce((sum, size) => sum + size, 0))
}

/** What one process did while it was watched. */
type Watched = { readonly cpuMs: number; readonly residentMb: number }

/**
 * Watch a process, which may be started anew meanwhile: the time of all its lives together, and the most memory that any
 * look at it found. `end` stops watching.
 */
export function watchProcess(pidOf: () => number | undefined): { end(): Watched } {
  let pid = pidOf()
  let begunMs = pid === undefined ? 0 : (cpuMsOf(pid) ?? 0)
  let lastMs = begunMs
  let cpuMs = 0
  let residentMb = 0

  function look(): void {
    const now = pidOf()
    if (now !== pid) {
      cpuMs += lastMs - begunMs
      pid = now
      begunMs = 0
      lastMs = 0
    }
    if (pid === undefined) return
    lastMs = cpuMsOf(pid) ?? lastMs
    residentMb = Math.max(residentMb, residentOf(pid) ?? 0)
  }

  const timer = setInterval(look, everyMs)
  return {
    end() {
      clearInterval(timer)
      look()
      return { cpuMs: cpuMs + lastMs - begunMs, residentMb }
    },
  }
}

/** Ask again and again until there is an answer that counts; undefined where there is none within `limitMs`. */
export async function within<T>(
  limitMs: number,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T | undefined> {
  for (const end = Date.now() + limitMs; ; ) {
    const answer = await Promise.resolve(ask()).catch(() => undefined)
    if (answer) return answer
    if (Date.now() > end) return undefined
    await pause(100)
  }
}

/** The same, where one cannot go on without it. Throws when the time is over. */
export async function needed<T>(
  what: string,
  limitMs: number,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const answer = await within(limitMs, ask)
  if (answer === undefined) throw new Error(`The stage waited ${limitMs / 1000} s in vain: ${what}.`)
  return answer
}

/** Do nothing for a while. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
