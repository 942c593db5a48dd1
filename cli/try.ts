/** `bmail try`: a network of one's own with two mailboxes, for whoever wants to see what this is; gone when it is stopped. */
import type { Command } from 'commander'
import { encodeAddress } from '../protocol/address.ts'
import { type Money, moneyIn } from './amount.ts'
import type { Client } from './client.ts'
import { type Act, type Answer, examples } from './command.ts'
import { CommandError } from './errors.ts'
import { browse } from './browse.ts'
import { say } from './print.ts'
import { canAsk } from './terminal.ts'
import { withProgress } from './progress.ts'
import { allRegistered, EndedError, foundSmallNetwork, openStage, program, type Stage, startFunds } from './stage.ts'
import { toldToStop } from './stopping.ts'

type Running = { readonly people: readonly Person[]; readonly money: Money }
type Person = {
  readonly name: string
  readonly home: string
  readonly address: string
  /** A link to their page, which opens it once. */
  readonly page: string
}

export function configure(command: Command, act: Act): void {
  command
    .addHelpText('after', examples('bmail try', 'bmail try --json'))
    .addHelpText('after', '\nIt runs until it is stopped (Ctrl-C), and leaves nothing behind.')
    .action(
      act(async (context): Promise<Answer> => {
        const stage = openStage({ isJson: true, keep: false })
        const giveUp = new AbortController()
        const stopping = toldToStop()
        stopping.then(() => giveUp.abort())
        try {
          const { people, money } = await withProgress(context, 'starting a relay, Alice and Bob', () =>
            open(stage, AbortSignal.any([giveUp.signal, stage.ended])),
          )
          stage.ended.throwIfAborted()
          // This process lives as long as a daemon of it does; whoever stops it stops them.
          stopping.then(() => stage.stopAll())
          stage.ended.addEventListener('abort', () => {
            process.exitCode = 1
            // Also to whoever asked for JSON, and has it by now.
            say({ json: false }, `bmail: ${(stage.ended.reason as EndedError).message}`)
            stage.stopAll()
          })
          process.once('beforeExit', async () => {
            await stage.close()
            say(context, 'It has stopped, and nothing of it is left.')
          })
          // Only where somebody is there to see it.
          const areOpen = canAsk(context) && (await Promise.all(people.map(({ page }) => browse(page)))).every(Boolean)
          return {
            value: { folder: stage.folder, program: [process.execPath, program], people },
            text: () => textOf({ people, money }, areOpen),
          }
        } catch (thrown) {
          // Where a daemon ended, that is why nobody answered.
          const cause: unknown = stage.ended.aborted ? stage.ended.reason : thrown
          await stage.close()
          if (giveUp.signal.aborted) return { value: { stopped: true }, text: () => '' }
          if (cause instanceof EndedError)
            throw new CommandError(
              'daemon-failed',
              `The network did not come up, and nothing of it is left. ${cause.message}`,
            )
          const sentence = `The network did not come up: ${(cause as Error).message} Nothing of it is left. Try again when this machine is less busy.`
          throw new CommandError('timeout', sentence, { cause })
        }
      }),
    )
}

/** Start the network, and introduce both people to each other. */
async function open(stage: Stage, signal: AbortSignal): Promise<Running> {
  const testnet = await foundSmallNetwork(stage.folder)
  signal.throwIfAborted()
  const [, ...clients] = stage.startAll(testnet)
  await allRegistered(clients, { signal, limitMs: 180_000 })
  const people = await Promise.all(
    testnet.people.map(async ({ name, home, address }, at) => ({
      ...{ name, home, address: encodeAddress(address) },
      page: await clients[at]!.page(),
    })),
  )
  for (const [at, client] of clients.entries())
    await introduce(
      client,
      people.filter((_, other) => other !== at),
    )
  return { people, money: moneyIn(testnet.file.rules.coin, { json: false }) }
}

async function introduce(client: Client, others: readonly Person[]): Promise<void> {
  for (const { name, address } of others) await client.setContact({ name, address })
}

function textOf({ people: [alice, bob], money: { shown } }: Running, areOpen: boolean): string {
  const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
  const pages = areOpen
    ? 'Their mail is open in your browser, a tab for each; `bmail open` opens another.'
    : `See their mail in a browser on this machine; each link works once, and \`bmail open\` makes another:

  Alice  ${alice!.page}
  Bob    ${bob!.page}`
  return `
A network of your own runs: Alice, Bob, and a relay between them. Each began with ${shown(startFunds)}.
${pages}

Or in another terminal:

  alias bmail=${quoted([process.execPath, program].map(quoted).join(' '))}
  export BMAIL_HOME=${quoted(alice!.home)}    # you are Alice
  bmail send --to bob --subject Tomorrow --text 'At ten?' --wait

  export BMAIL_HOME=${quoted(bob!.home)}    # you are Bob
  bmail inbox
  bmail read ID           # the id is in the inbox; its beginning is enough
  bmail reply ID --text 'At ten.' --wait
  bmail ack ID value

Ctrl-C here ends it, and leaves nothing behind.`.trimStart()
}
