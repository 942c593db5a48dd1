/** A mailbox in memory, served as a daemon serves one: the API, and the page beside it. */
import pino from 'pino'
import { createApi } from '../../node/api/server.ts'
import { systemClock } from '../../node/daemon/system.ts'
import { systemRandom } from '../../node/system-random.ts'
import { newToken } from '../../node/settings/home.ts'
import { addPage } from '../../node/web/site.ts'
import type { Service } from '../../node/service.ts'

/** Serve it, at any port where none is given; `link` makes an address that opens it once. Close it with `close`. */
export async function servePage(service: Service, port = 0) {
  const token = newToken()
  const api = await createApi({
    service,
    token,
    listen: { host: '127.0.0.1', port },
    logger: pino({ level: 'silent' }),
    clock: systemClock,
    beside: (app) => addPage(app, { token, clock: systemClock, random: systemRandom }),
  })
  const origin = `http://127.0.0.1:${api.port}`
  const authorization = `Bearer ${token}`
  return {
    port: api.port,
    token,
    origin,
    authorization,
    async link(): Promise<string> {
      const answer = await fetch(`${origin}/v1/page/tickets`, { method: 'POST', headers: { authorization } })
      return `${origin}/#ticket=${((await answer.json()) as { ticket: string }).ticket}`
    },
    close: () => api.close(),
  }
}
