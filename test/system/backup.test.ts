/**
 * A home is copied while its daemon works, and made again elsewhere: nothing of it is lost, nothing is paid twice, and what
 * is no back-up, or not for this program, is refused before anything is written.
 */
import { copyFileSync, existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { connect } from '../../cli/client.ts'
import { decodeHead, encodeHead, framesIn, frameOf, createSum, firstLine } from '../../node/daemon/backup-frames.ts'
import { filesOf, leftBehind } from '../../node/daemon/backup.ts'
import { diskPath, openDisk } from '../../node/ledger/disk.ts'
import { formatOf, keyIn, storeFormat } from '../../node/ledger/store.ts'
import { presets } from '../../node/settings/presets.ts'
import { bmail, upPatiently } from '../kit/command.ts'
import { until } from '../kit/patience.ts'
import { agreed, base64Of, createProcesses, type Daemon, letterIn, readable, registered } from '../kit/processes.ts'

/** A host, and two people who are registered; Alice has a second name, and money for a stamp. */
async function begin(t: Test) {
  const people = ['alice', 'bob'] as const
  const network = await createProcesses(t, {
    people,
    relays: 1,
    keepers: ['relay1'],
    threshold: 1,
    funds: 1_000_000_000n,
    changes: { identity: { ...presets.testnet!.identity, stamps: [100_000n] } },
    settings: { giveBack: 'never' },
  })
  const [host, alice, bob] = (['relay1', ...people] as const).map(network.daemon) as [Daemon, Daemon, Daemon]
  await network.start('relay1', ...people)
  await registered(alice, bob)
  const addressOf = async ({ api }: Daemon) => (await api.pseudonyms())[0]!.address
  return { network, host, alice, bob, toAlice: await addressOf(alice), toBob: await addressOf(bob) }
}

const letter = (text: string, to: string) => ({
  to: [to],
  raw: base64Of(`Subject: ${text}\r\nMessage-ID: <${text.replaceAll(' ', '.')}@example.org>\r\n\r\n${text}\r\n`),
  insist: true,
})

/** Everything that a person has, in an order of its own; what changes by looking, or with the height, is left out. */
async function possessions({ api }: Pick<Daemon, 'api'>) {
  const byId = <T extends { readonly id: string }>(list: readonly T[]) =>
    [...list].sort((a, b) => (a.id < b.id ? -1 : 1))
  const letters = async (folder: 'inbox' | 'sent') =>
    Promise.all(
      byId(await api.messages({ folder })).map(async ({ id, state, amount, verdict, subject, from, to }) => ({
        ...{ id, state, amount, verdict, subject, from, to },
        raw: readable.includes(state) ? (await api.message({ id })).raw : null,
      })),
    )
  return {
    inbox: await letters('inbox'),
    sent: await letters('sent'),
    names: (await api.pseudonyms()).map(({ label, address, balance, nonce, habit }) => ({
      ...{ label, address, balance, nonce, habit },
    })),
    contacts: await api.contacts(),
    stamps: (await api.stamps()).map(({ number, denomination, state, note }) => ({
      number,
      denomination,
      state,
      note,
    })),
  }
}

/** Restore a back-up into a folder of the network and start a daemon there, as an operator does. */
async function restored(
  t: Test,
  folder: string,
  file: string,
  name: string,
): Promise<Pick<Daemon, 'api' | 'name' | 'home'>> {
  const home = join(folder, name)
  const made = await bmail(['restore', file, '--json'], { home })
  t.match(made.json(), { passphraseFileMissing: join(home, 'passphrase') }, 'which no back-up has')
  copyFileSync(join(folder, 'alice', 'passphrase'), join(home, 'passphrase'))
  t.teardown(() => bmail(['down'], { home }))
  const up = await bmail([...upPatiently, '--json'], { home })
  t.equal(up.code, 0, `${up.stdout}${up.stderr}`)
  return { name, home, api: connect(home) }
}

test('a mailbox is copied under load, and nothing is lost elsewhere', async (t) => {
  const { network, host, alice, bob, toAlice, toBob } = await begin(t)
  const { folder } = network
  const file = join(folder, 'alice.backup')
  await alice.api.setContact({ name: 'robert', address: toBob })
  await alice.api.createPseudonym({ label: 'shop' })
  await alice.api.changeHabit({ address: 'shop', warm: false, skipPercent: 40, show: 'at-most', tier: 1 })
  const { opId } = await alice.api.buyStamp({ denomination: '100000' })
  await until('the stamp is held', async () => (await alice.api.stamps())[0]?.state === 'held')
  const first = await alice.api.send(letter('before', toBob))
  await letterIn(alice, 'sent', first.message.id, readable)
  // A wish: the daemon redeems by itself at a moment of its own, and until then nobody but the disk knows of it.
  await alice.api.redeemStamp({ number: 0, to: 'shop' })

  // Load: letters in both directions until the back-up is there.
  let isOver = false
  const flood = async (daemon: Daemon, to: string, name: string): Promise<string[]> => {
    const ids: string[] = []
    for (let at = 0; !isOver || at < 5; at++) ids.push((await daemon.api.send(letter(`${name} ${at}`, to))).message.id)
    return ids
  }
  const floods = [flood(alice, toBob, 'out'), flood(bob, toAlice, 'in')]
  const taken = [1, 2, 3].map((at) => join(folder, `load-${at}.backup`))
  for (const path of taken) {
    const made = await bmail(['backup', path, '--json'], { home: alice.home })
    t.match(made.json(), { file: path, running: true }, made.stderr)
    t.equal(statSync(path).mode & 0o777, 0o600, 'for its owner only')
  }
  isOver = true
  const [out, received] = (await Promise.all(floods)) as [string[], string[]]
  for (const id of received) await letterIn(alice, 'inbox', id, readable)
  for (const id of out) await letterIn(alice, 'sent', id, readable)

  // With the host away, operations wait; they are in the back-up, and so is the wish.
  host.signal('SIGSTOP')
  const waiting = await alice.api.send(letter('waiting', toBob))
  t.equal((await bmail(['backup', file], { home: alice.home })).code, 0)
  const before = await possessions(alice)
  t.equal(before.sent.find(({ id }) => id === waiting.message.id)?.state, 'submitted', 'one waits')
  t.match(before.stamps, [{ state: 'held', note: /shop/ }], 'and there is a wish')
  await alice.kill()
  const second = await restored(t, folder, file, 'elsewhere')
  t.strictSame(await possessions(second), before, 'all is as it was')
  t.match(await second.api.operation({ opId }), { state: 'settled' })
  host.signal('SIGCONT')

  await letterIn(bob, 'inbox', waiting.message.id, readable)
  await letterIn(second as Daemon, 'sent', waiting.message.id, readable)
  await until('the wish comes true', async () => (await second.api.stamps())[0]?.state === 'redeemed')

  await t.test('the original comes up again beside it: two devices, and each letter is paid once', async (t) => {
    await alice.start()
    await until('both have all', async () => {
      const [one, other] = await Promise.all([alice, second].map(({ api }) => api.messages({ folder: 'sent' })))
      return one!.every(({ state }) => state !== 'submitted') && one!.length === other!.length
    })
    for (const device of [alice, second]) await device.api.send(letter(`from ${device.name}`, toBob))
    await until('each has what the other sent', async () => {
      const lists = await Promise.all([alice, second].map(({ api }) => api.messages({ folder: 'sent' })))
      return lists.every(
        (list) => list.length === out.length + 4 && list.every(({ state }) => readable.includes(state)),
      )
    })
    await agreed(alice, bob, host)
    const [one, other] = await Promise.all([alice, second].map(possessions))
    t.strictSame(
      other!.names.map(({ balance, nonce }) => [balance, nonce]),
      one!.names.map(({ balance, nonce }) => [balance, nonce]),
      'the same money',
    )
    const ids = (await bob.api.messages({ folder: 'inbox' })).map(({ id }) => id)
    t.equal(new Set(ids).size, ids.length)
    t.equal(ids.length, out.length + 4, 'nobody got a letter twice')
    t.not((await alice.api.status()).peerId, (await second.api.status()).peerId, 'peers know two nodes')
    await alice.kill()
  })

  await t.test('each back-up under load is whole: it restores, and what it lacks comes from the log', async (t) => {
    await bmail(['down'], { home: second.home })
    const whole = await restored(t, folder, taken[1]!, 'under-load')
    await until('it has all', async () => {
      const [inbox, sent] = await Promise.all(
        (['inbox', 'sent'] as const).map((folder) => whole.api.messages({ folder })),
      )
      const ids = new Set([...inbox!, ...sent!].filter(({ state }) => readable.includes(state)).map(({ id }) => id))
      return [first.message.id, ...received, ...out].every((id) => ids.has(id))
    })
    const looked = await bmail(['doctor', '--json'], { home: whole.home })
    t.equal(looked.code, 0, looked.stdout)
  })

  await t.test('a home holds nothing that a back-up forgets without a word', async (t) => {
    const all = globSync('**/*', { cwd: whole(folder), withFileTypes: true }).filter((entry) => entry.isFile())
    const paths = all.map(({ parentPath, name }) => join(parentPath, name).slice(whole(folder).length + 1))
    const known = new Set(filesOf(whole(folder)))
    t.ok(known.size > 2)
    t.strictSame(
      paths.filter(
        (path) =>
          !known.has(path) && ![...leftBehind, 'passphrase'].some((one) => path === one || path.startsWith(`${one}/`)),
      ),
      [],
    )
  })
})

const whole = (folder: string): string => join(folder, 'under-load')

test('what is refused, before anything is written', async (t) => {
  const { network, host, alice } = await begin(t)
  const { folder } = network
  const file = join(folder, 'alice.backup')
  const refusal = async (words: string[], home: string, sentence: RegExp): Promise<void> => {
    const { code, stdout } = await bmail([...words, '--json'], { home })
    t.match([code, JSON.parse(stdout)], [1, { error: { code: 'backup', sentence } }])
  }
  t.equal((await bmail(['backup', file], { home: alice.home })).code, 0)
  const bytes = readFileSync(file)
  await refusal(['backup', file], alice.home, /is there already, and stays as it is/)
  t.ok(readFileSync(file).equals(bytes))
  t.equal((await bmail(['backup', file, '--replace'], { home: alice.home })).code, 0, 'unless that is said')
  await refusal(['backup', join(folder, 'nowhere', 'x')], alice.home, /cannot be written/)

  const elsewhere = join(folder, 'elsewhere')
  const refused = async (name: string, content: Uint8Array, sentence: RegExp): Promise<void> => {
    const path = join(folder, name)
    writeFileSync(path, content)
    await refusal(['restore', path], elsewhere, sentence)
    t.notOk(existsSync(elsewhere), 'and nothing is there')
  }
  await refused('cut', bytes.subarray(0, -7), /was cut short/)
  await refused('empty', new Uint8Array(), /was cut short/)
  await refused('other', Buffer.from('From here on it is something else'), /is no back-up that this program knows/)
  for (const at of [20, Math.floor(bytes.length / 2), bytes.length - 1]) {
    const flipped = Buffer.from(bytes)
    flipped[at]! ^= 1
    await refused(`flipped-${at}`, flipped, /was damaged|holds something that no back-up has|was cut short/)
  }
  const head = { version: '9.9.9', network: 'ab'.repeat(32), wire: 255, format: storeFormat + 1 }
  await refused(
    'newer',
    rewritten([frameOf('head', encodeHead(head))]),
    /made by a newer bmail, 9\.9\.9.*Install 9\.9\.9/,
  )
  await refused(
    'wire',
    rewritten([frameOf('head', encodeHead({ ...head, wire: 1, format: 1 }))]),
    /of wire 1, and this program speaks/,
  )
  await refusal(['restore', join(folder, 'none')], elsewhere, /cannot be read/)
  await refusal(['restore', file], alice.home, /is not empty/)

  const hostFile = join(folder, 'host.backup')
  t.equal((await bmail(['backup', hostFile], { home: host.home })).code, 0)
  await refusal(['restore', hostFile], elsewhere, /must|stops for good.*--host-is-down/)
  t.notOk(existsSync(elsewhere))
  await host.stop()
  const again = await restoredHost(t, hostFile, elsewhere)
  t.match(again.stdout, /host\.key/)
  for (const name of globSync('*.key', { cwd: host.home }))
    t.ok(readFileSync(join(host.home, name)).equals(readFileSync(join(elsewhere, name))), `${name} is the same`)
})

const restoredHost = async (t: Test, file: string, home: string) => {
  const made = await bmail(['restore', file, '--host-is-down'], { home })
  t.equal(made.code, 0, made.stderr)
  return made
}

/** A back-up of these frames, with the end that belongs to them. */
function rewritten(frames: readonly Uint8Array[]): Uint8Array {
  const sum = createSum()
  for (const frame of frames) sum.add(frame)
  return Buffer.concat([firstLine, ...frames, frameOf('end', sum.digest())])
}

test('a back-up of an older program becomes a home of this one', async (t) => {
  const { network, host, alice, toBob } = await begin(t)
  const { folder } = network
  const sent = await alice.api.send(letter('long ago', toBob))
  await letterIn(alice, 'sent', sent.message.id, readable)
  const before = await possessions(alice)
  await alice.stop()
  const file = join(folder, 'now.backup')
  const made = await bmail(['backup', file, '--json'], { home: alice.home })
  t.match(made.json(), { running: false }, 'a home whose daemon is down is copied as well')
  // As a program before the last step left it: the same records, and the number before.
  const older: Uint8Array[] = []
  async function* bytes() {
    yield readFileSync(file)
  }
  for await (const { kind, bytes: content } of framesIn(bytes(), file)) {
    const [format, now] = [keyIn('format'), Buffer.from([0, 0, 0, storeFormat])]
    const at =
      kind === 'records' ? Buffer.from(content).indexOf(Buffer.concat([format, Buffer.from([0, 0, 0, 4]), now])) : -1
    const changed = Buffer.from(content)
    if (at >= 0) changed[at + format.length + 4 + 3] = storeFormat - 1
    older.push(
      frameOf(kind, kind === 'head' ? encodeHead({ ...decodeHead(content), format: storeFormat - 1 }) : changed),
    )
  }
  const oldFile = join(folder, 'old.backup')
  writeFileSync(oldFile, rewritten(older))
  const elsewhere = join(folder, 'elsewhere')
  t.equal((await bmail(['restore', oldFile], { home: elsewhere })).code, 0)
  const disk = await openDisk(elsewhere)
  t.equal(await formatOf(disk), storeFormat - 1, `${diskPath(elsewhere)} is of the older format`)
  await disk.close()
  copyFileSync(join(alice.home, 'passphrase'), join(elsewhere, 'passphrase'))
  t.teardown(() => bmail(['down'], { home: elsewhere }))
  const up = await bmail([...upPatiently, '--json'], { home: elsewhere })
  t.equal(up.code, 0, up.stdout)
  t.strictSame(await possessions({ api: connect(elsewhere) }), before, 'brought forward, with nothing lost')
  t.ok(host.isRunning())
})
