/**
 * `npm run openapi`: writes the document of the local API, as a daemon serves it, to `node/api/openapi.json`, so that
 * whoever reviews a change of it or writes a client needs no daemon. It stands here because a daemon serves and never
 * writes it.
 */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { documentPath } from '../../../node/api/routes.ts'
import { createApi } from '../../../node/api/server.ts'
import { systemClock } from '../../../node/daemon/system.ts'
import { createServiceFixture } from '../../kit/service-fixture.ts'

const file = join(import.meta.dirname, '../../../node/api/openapi.json')

/** The document that is committed. */
export const committed = (): string => readFileSync(file, 'utf8')

/** The document that a daemon serves, laid out for people. */
export async function served(): Promise<string> {
  const token = 'a'.repeat(64)
  const listen = { host: '127.0.0.1', port: 0 }
  const logger = pino({ level: 'silent' })
  const api = await createApi({ service: createServiceFixture(), token, listen, logger, clock: systemClock })
  try {
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(`http://127.0.0.1:${api.port}${documentPath}`, { headers })
    return `${JSON.stringify(await response.json(), undefined, 2)}\n`
  } finally {
    await api.close()
  }
}

const program = process.argv[1]
if (program && realpathSync(program) === import.meta.filename) writeFileSync(file, await served())
