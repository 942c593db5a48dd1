/** What a daemon in a process says of a trouble, in every place where it says it. */
import type { Test } from 'tap'
import { isReady, severities, type TroubleName } from '../../node/troubles.ts'
import { bmail } from './command.ts'
import { until } from './patience.ts'
import type { Daemon } from './processes.ts'

/** Settings under which a daemon can be asked whether it is ready. */
export const withMetrics = { metricsListen: '127.0.0.1:0' } as const

type Readiness = { readonly status: number; readonly body: { readonly ready: boolean; readonly reason?: string } }

export async function readyz(daemon: Daemon): Promise<Readiness> {
  const response = await page(daemon, '/readyz')
  return { status: response.status, body: (await response.json()) as Readiness['body'] }
}

/** A page of the daemon that runs now; what an earlier one logged does not count. */
function page({ log }: Daemon, path: string): Promise<Response> {
  const { metrics } = log().findLast(({ msg }) => msg === 'the daemon is up')!
  return fetch(`http://127.0.0.1:${metrics}${path}`)
}

const troubleOf = async ({ api }: Daemon, name: TroubleName) =>
  (await api.status()).troubles.find((one) => one.name === name)

/** Wait until a daemon has a trouble, and hold everything that it says of it against it. */
export async function hasTrouble(
  t: Test,
  daemon: Daemon,
  name: TroubleName,
  sentence: RegExp,
  { canLog = true } = {},
): Promise<void> {
  const say = () => daemon.log().slice(-5)
  // The sentence may say at first what is known first.
  const isTold = async () => sentence.test((await troubleOf(daemon, name))?.sentence ?? '')
  t.ok(await until(`${daemon.name} has ${name}: ${sentence}`, isTold, { say }), `${daemon.name}: ${name}`)
  const isLogged = () => daemon.log().some((line) => line.trouble === name)
  if (canLog) await until('the log says it', isLogged, { say })
  const [{ status, body }, { troubles }] = await Promise.all([readyz(daemon), daemon.api.status()])
  t.equal(body.ready, isReady(troubles), '/readyz')
  t.equal(status, body.ready ? 200 : 503)
  if (severities[name] !== 'hinders') t.notOk(body.ready)
  const metrics = async () => (await page(daemon, '/metrics')).text()
  await until('the metric says it', async () => (await metrics()).includes(`bmail_trouble{name="${name}"} 1`))
  t.match((await bmail(['status'], { home: daemon.home })).stdout, new RegExp(`^${name} +\\d{4}-`, 'm'), 'status')
}

/** Wait until a trouble is over. */
export const isOver = (daemon: Daemon, name: TroubleName): Promise<unknown> =>
  until(`${daemon.name} is rid of ${name}`, async () => !(await troubleOf(daemon, name)))
