/** Starting the browser that a person has chosen on their machine. */
import { spawn } from 'node:child_process'

/** What opens an address, by system; anywhere else it is as on Linux. */
const openers: Readonly<Record<string, readonly [program: string, ...words: readonly string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
  linux: ['xdg-open'],
}

/**
 * Whether a browser was started with an address. Others on this machine see it in the list of processes: it is worth nothing
 * to them once it was opened, and whoever of them is faster is seen by it, as the browser then says that it was used.
 */
export async function browse(url: string): Promise<boolean> {
  if (process.platform !== 'darwin' && process.platform !== 'win32' && !hasScreen()) return false
  const [program, ...words] = openers[process.platform] ?? openers.linux!
  const child = spawn(program, [...words, url], { stdio: 'ignore', detached: true })
  return new Promise((resolve) => {
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}

/** Whether there is a screen for a window; through ssh there mostly is none. */
const hasScreen = (): boolean => Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
