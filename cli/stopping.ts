/** How what runs in the foreground is stopped. */
import { once } from 'node:events'

/** Resolves when this process is asked to stop. Asked again, it ends at once. */
export async function toldToStop(): Promise<void> {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  await Promise.race(signals.map((signal) => once(process, signal)))
  const atMs = Date.now()
  for (const signal of signals)
    process.on(signal, () => {
      // A launcher in between may pass on what the terminal told us too.
      if (Date.now() - atMs > 1_000) process.exit(130)
    })
}
