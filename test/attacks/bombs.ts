/** Letters that take a kibibyte on the way and 16 MiB where they are read, to somebody who looks at each. */
import { sealKeyPairFromSeed } from '../../node/seal/seal.ts'
import { contentBytesMax } from '../../node/seal/content.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { addressOf } from '../../protocol/address.ts'
import { SignedOp } from '../../protocol/wire.ts'
import { Mail, shardOf } from '../../protocol/gossip.ts'
import { tell } from '../bench/measure.ts'
import type { Attack } from './attack.ts'
import { sealBomb } from './bomb.ts'
import { type Mallory, opsFrom, random } from './mallory.ts'
import { pause, within } from './measure.ts'

const count = 6

export const bombs: Attack = {
  name: 'bombs',
  what: 'six letters of 1 KiB that unpack to 16 MiB, and a reader who opens every one',
  victim: 'bob',
  strike(mallory) {
    const head = Buffer.from('Subject: a bomb\r\n\r\n')
    const bomb = (at: number): Uint8Array => {
      const content = Buffer.concat([head, Buffer.alloc(contentBytesMax - head.length, 'Dear reader,\r\n')])
      content[head.length] = at
      return content
    }
    return sendContents(
      mallory,
      Array.from({ length: count }, (_, at) => bomb(at)),
    )
  },
  async meanwhile(stage, { seconds }) {
    const { api } = stage.daemon('bob')
    const people = await Promise.all(['alice', 'bob'].map((name) => stage.daemon(name).api.pseudonyms()))
    const honest = new Set(people.flat().map(({ address }) => address))
    const came = new Set<string>()
    const read = new Set<string>()
    await within(seconds * 2_000, async () => {
      for (const { id, from, state } of await api.messages({ folder: 'inbox' })) {
        if (honest.has(from)) continue
        came.add(id)
        if (state !== 'released' || read.has(id)) continue
        await api.message({ id })
        await api.shown({ id })
        read.add(id)
      }
      return read.size === count
    })
    tell(`bombs: ${came.size} of ${count} came, and ${read.size} could be read`)
  },
}

/** Send letters with these contents to the second of the people, sealed anyhow. */
export async function sendContents(mallory: Mallory, contents: readonly (string | Uint8Array)[]): Promise<void> {
  // One letter each, so that it does not matter which comes first.
  const accounts = await mallory.accounts(contents.length)
  const peer = await mallory.peer(['relay2'])
  const [, reader] = mallory.people
  const sealKey = await sealKeyOf(mallory, peer, reader!)
  const own = await sealKeyPairFromSeed(random(32))
  const { keepers: keeperSet, mailShards } = mallory.file.rules
  await pause(1_000)
  await mallory.begin()
  for (const [at, by] of accounts.entries()) {
    const sealed = await sealBomb({
      network: mallory.id,
      rules: mallory.file.rules,
      sender: { address: by.address, sealKey: own.publicKey },
      reader: { address: reader!, sealKey },
      content: Buffer.from(contents[at]!),
    })
    const data = {
      recipients: [reader!],
      envelopeHash: sealed.envelopeHash,
      sizeClass: sealed.sizeClass,
      lifetimeDays: 30,
      keeperSet: keeperSet.version,
      epochKey: undefined,
      automatic: false,
    }
    const op = mallory.op(by, { TAG: 'send', data }, { each: 10n ** 10n })
    const mail = Mail.encode({ op, envelope: sealed.envelopeBytes })
    await mallory.tell(peer, mallory.topics.mail(shardOf(reader!, mailShards)), mail)
  }
  await pause(mallory.seconds * 1_000)
}

/** What is sealed to for somebody, out of the operation that registered them. */
async function sealKeyOf(
  { id }: Pick<Mallory, 'id'>,
  peer: Parameters<typeof opsFrom>[0],
  reader: Uint8Array,
): Promise<Uint8Array> {
  for await (const ops of opsFrom(peer, id, 1n))
    for (const { action } of ops.map((bytes) => SignedOp.decode(bytes).op))
      if (action.TAG === 'register' && equalBytes(addressOf(action.data.signingKey), reader)) return action.data.sealKey
  throw new Error('the reader is not registered')
}
