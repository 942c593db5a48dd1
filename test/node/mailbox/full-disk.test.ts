/** A mailbox that cannot be written from one of the writes on that a letter comes with, at its sender or its reader: nothing is lost, and nothing paid twice. */
import { type Test, test } from 'tap'
import { presets } from '../../../node/settings/presets.ts'
import { createDevices } from '../../kit/devices.ts'
import { honestProofs } from '../../kit/honest-proofs.ts'

/** More writes than a letter comes with at either of the two until it is read. */
const writesMax = 8

const full = () => Object.assign(new Error('No space left on device'), { code: 'ENOSPC' })

async function createWorld(t: Test) {
  const world = await createDevices(t, {
    people: ['ada', 'bob', 'cyd'],
    funds: 100_000_000n,
    changes: {
      expiryMaxMs: 20_000,
      clockSkewMs: 5_000,
      // Nothing but letters is written down meanwhile.
      epochMs: 3_600_000n,
      identity: { ...presets.testnet!.identity, verdictDelayMs: 2_000 },
    },
    proofs: honestProofs,
  })
  /** By device: how many writes it still takes; nothing where it takes all. */
  const room = new Map<string, number>()
  let failed = 0
  const start = (name: string, of: string) =>
    world.start(name, {
      of,
      beforeWrite() {
        const left = room.get(name)
        if (left === undefined) return
        room.set(name, left - 1)
        if (left > 0) return
        failed++
        throw full()
      },
    })
  const devices = {
    host: await start('host', 'ada'),
    sender: await start('sender', 'bob'),
    reader: await start('reader', 'cyd'),
  }
  for (const { mailbox } of Object.values(devices))
    await world.until('all are registered', async () => (await mailbox.pseudonyms())[0]!.registered, 120_000)
  return { world, room, devices, failedWrites: () => failed }
}

for (const who of ['sender', 'reader'] as const)
  test(`a mailbox that cannot be written at each step of a letter, at its ${who}`, async (t) => {
    const { world, room, devices, failedWrites } = await createWorld(t)
    const { sender, reader } = devices
    const to = [(await reader.mailbox.pseudonyms())[0]!.address]
    const answers: string[] = []
    const sent: string[] = []
    const post = async (subject: string): Promise<void> => {
      const raw = Buffer.from(`Subject: ${subject}\r\n\r\nHello.\r\n`).toString('base64')
      const answer = await sender.mailbox.send({ to, raw, refuseAbove: '5000000' }).then(
        ({ message }) => {
          sent.push(message.id)
          return 'sent'
        },
        (error: Error) => error.message,
      )
      answers.push(answer)
    }
    for (let writes = 0; writes < writesMax; writes++) {
      room.set(who, writes)
      await post(`after ${writes} writes`)
      await world.pass(4_000)
      room.delete(who)
      await world.pass(4_000)
    }
    t.ok(failedWrites() > 0, 'writes failed')
    await post('with room again')
    t.equal(answers.at(-1), 'sent', 'with room all is well')
    t.strictSame(
      answers.filter((answer) => answer !== 'sent' && !/No space left/.test(answer)),
      [],
      'it is sent, or says why not',
    )
    if (who !== 'sender') t.equal(sent.length, writesMax + 1, 'who has room sends')
    const inbox = async () => (await reader.mailbox.messages({ folder: 'inbox' })).map(({ id }) => id).sort()
    await world.until('all are there', async () => (await inbox()).length >= sent.length, 120_000)
    await world.pass(60_000)
    t.strictSame(await inbox(), [...sent].sort(), 'each once, and no other')
    const states = (await sender.mailbox.messages({ folder: 'sent' })).map(({ state }) => state)
    t.strictSame(
      states.filter((state) => state === 'submitted' || state === 'refused'),
      [],
    )
    t.equal(states.length, sent.length, 'and what was refused is in no folder')
  })
