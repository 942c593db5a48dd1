/** A person's daemon: a mailbox over a node. Everything that `Service` offers to people is done here. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { base64 } from '@scure/base'
import { balanceOf } from '../../protocol/account.ts'
import { encodeAddress } from '../../protocol/address.ts'
import { headerHash, Outcome } from '../../protocol/batch.ts'
import { headerIsBy, readReceipt, Receipt } from '../../protocol/receipt.ts'
import { grantKey } from '../../protocol/state.ts'
import type { Action } from '../../protocol/operations.ts'
import { rekeyHash } from '../../protocol/operations/rekey.ts'
import { createCabinet, type Letter, type Outgoing } from '../mailbox/cabinet.ts'
import type { LetterReader } from '../letter/reader.ts'
import { createKeyOf } from '../mailbox/epoch-key.ts'
import { createIdentityService } from '../identity/service.ts'
import { createLetters } from '../mailbox/letters.ts'
import { createLife } from '../identity/life.ts'
import type { Logger } from '../logger.ts'
import type { Node } from '../peers/node.ts'
import { createOutbox } from '../mailbox/outbox.ts'
import { createPrepare } from '../mailbox/prepare.ts'
import { createRedemptions } from '../identity/redemptions.ts'
import { type Contact, type Event, Refusal, refusalOf, type Service } from '../service.ts'
import { readRequest, requestOf } from '../mailbox/sponsorship.ts'
import { createStamps } from '../identity/stamps.ts'
import { namesOf, priceLine, pseudonymOf, shownOf, submittedOf, summaryOf } from '../mailbox/views.ts'
import { type Own, resolveAddress, type Wallet } from '../keys/wallet.ts'

const roundMs = 2_000
/** How many addresses beyond the known ones are looked for after a recovery. */
const gap = 5

export type Mailbox = Omit<Service, 'status' | 'network' | 'doctor' | 'subscribe'> & { stop(): Promise<void> }

type Options = {
  readonly node: Node
  readonly wallet: Wallet
  readonly logger: Logger
  /** Reads foreign messages; closed with the mailbox. */
  readonly reader: LetterReader
  /** Among how many a pass is to hide, its owner counted. */
  readonly hideAmong: number
  readonly emit: (event: Event) => void
}

/** Open a mailbox. Its rounds go on until `stop`. */
export async function createMailbox({ node, wallet, logger, reader, hideAmong, emit }: Options): Promise<Mailbox> {
  const { context, store, replica, releases, seams } = node
  const { rules, network } = context
  const { clock, random } = seams
  const cabinet = createCabinet({ store, key: wallet.mailboxKey, random })
  const tell = (letter: Letter) => emit({ type: 'message', message: summaryOf(letter) })
  const letters = createLetters({ node, wallet, cabinet, logger, reader, onChange: tell })
  const keyOf = createKeyOf(node)
  const outbox = createOutbox({
    node,
    wallet,
    cabinet,
    logger,
    keyOf,
    onChange: refuseLetter,
  })
  const { accountOf } = outbox
  const { prepare, price, order } = createPrepare({ node, wallet, cabinet, keyOf })
  const life = createLife({ node, wallet, cabinet, outbox, hideAmong, logger })
  const stamps = createStamps({ node, wallet, cabinet, outbox })
  const redemptions = createRedemptions({ node, wallet, cabinet, stamps, logger })

  /** A send that will not be settled: its letter says why. */
  async function refuseLetter({ state, note, message, account }: Outgoing): Promise<void> {
    const letter = state === 'refused' && message ? await cabinet.letter(message.id, account) : undefined
    if (letter && letter.state === 'submitted') await letters.put({ ...letter, state: 'refused', note })
  }

  /** The sender kept the lock key: it opens its own locks, so that no message depends on keepers alone. */
  async function releaseOwn(): Promise<void> {
    for await (const letter of cabinet.closedLetters()) {
      const { folder, state } = letter
      if (folder !== 'sent' || state !== 'settled' || !letter.opId || letter.height === undefined) continue
      const parcel = (await cabinet.outgoing(letter.opId))?.message
      if (!parcel || (await releases.lockKeyOf(letter.id, letter.height))) continue
      await node.relay.publishRelease({
        TAG: 'lockKeys',
        data: { keys: [{ message: letter.id, lockKey: parcel.lockKey }] },
      })
    }
  }

  /** After a recovery from the phrase: take up again every pseudonym that the ledger knows. */
  async function recover(): Promise<void> {
    for (let index = wallet.own.length, tried = 0; tried < gap; index++, tried++) {
      if (!(await accountOf(wallet.addressAt(index)))?.signingKey) continue
      while (wallet.own.length <= index) await wallet.create(`recovered ${wallet.own.length}`)
      tried = -1
      node.relay.followShards()
      // Its mail has gone by already: read the log again.
      await cabinet.write([cabinet.putCursor(0n)])
    }
  }

  /** An address of ours that has funds, and cannot be written to yet, is registered without asking. */
  async function registerFunded(): Promise<void> {
    for (const own of wallet.own) {
      const account = await accountOf(own.address)
      if (!account || account.signingKey || node.pending.count(own.address) > 0) continue
      if (balanceOf(rules, account) < rules.inclusionFee) continue
      logger.info({ address: own.text }, 'registering a pseudonym that has funds')
      await register(own)
    }
  }

  async function round(): Promise<void> {
    await recover()
    await registerFunded()
    await outbox.round()
    await letters.round()
    await releaseOwn()
    await life.round()
    await redemptions.round()
  }
  const failed = (error: Error) => logger.warn({ err: error }, 'the mailbox’s round failed; it is tried again')
  const soon = () => clock.after(0, () => letters.scan().then(releaseOwn).then(life.round).catch(failed))
  replica.onSettled(() => void soon())
  const stopRounds = clock.every(roundMs, () => round().catch(failed))
  await recover()
  soon()

  const submit = async (own: Own, action: Action) =>
    submittedOf((await outbox.submit(own, () => ({ action }))).outgoing)
  async function register(own: Own) {
    const keys = await wallet.keys({ index: own.index, generation: 0 })
    return submit(own, { TAG: 'register', data: { ...keys, sponsorship: undefined } })
  }
  const contactsOf = () => cabinet.contacts()
  const time = () =>
    BigInt(clock.now()) > replica.head.sealed.header.time ? BigInt(clock.now()) : replica.head.sealed.header.time

  async function viewOf(own: Own) {
    return pseudonymOf(rules, own, await accountOf(own.address), {
      time: time(),
      request: await requestOf(network, wallet, own),
    })
  }

  /** Messages to us that nobody has paid for yet: they are here, and nobody can open them. */
  function arriving(): Letter[] {
    return node.pending.list().flatMap(({ id: opId, op, message: id, since }) => {
      const { action, account: sender } = op
      if (!id || action.TAG !== 'send') return []
      const { recipients } = action.data
      const note = 'on its way; it can be opened once it is paid'
      const base = {
        id,
        opId,
        sender,
        recipients,
        note,
        subject: '',
        bytes: 0,
        amount: 0n,
        height: undefined,
        verdict: undefined,
      }
      return recipients
        .filter((recipient) => wallet.find(recipient))
        .map((own): Letter => ({ ...base, folder: 'inbox', state: 'submitted', own, date: BigInt(since) }))
    })
  }

  /** One of our letters by the beginning of its id; the copy in the inbox before the one that was sent. */
  async function find(beginning: string): Promise<Letter> {
    const found = arriving().filter(({ id }) => bytesToHex(id).startsWith(beginning))
    if (/^[0-9a-f]{4,64}$/.test(beginning))
      for await (const letter of cabinet.letters(hexToBytes(beginning.slice(0, beginning.length & ~1))))
        if (bytesToHex(letter.id).startsWith(beginning)) found.push(letter)
    const ids = new Set(found.map(({ id }) => bytesToHex(id)))
    if (ids.size > 1)
      throw new Refusal('bad-request', `“${beginning}” begins the ids of ${ids.size} messages. Give more of it.`)
    const letter = found.find(({ folder }) => folder === 'inbox') ?? found[0]
    if (!letter)
      throw new Refusal(
        'not-found',
        `No message begins with “${beginning}”. List messages with \`bmail inbox\` or \`bmail inbox --sent\`.`,
      )
    return letter
  }

  /** The bytes of a letter that can be opened. */
  async function contentOf({ id, folder, state }: Letter): Promise<Uint8Array | undefined> {
    const isClosed = folder === 'inbox' && (state === 'submitted' || state === 'settled')
    return isClosed ? undefined : cabinet.content(id)
  }

  return {
    pseudonyms: () => Promise.all(wallet.own.map(viewOf)),
    async createPseudonym({ label }) {
      const own = await wallet.create(label)
      node.relay.followShards()
      return viewOf(own)
    },
    async retirePseudonym({ address }) {
      await wallet.retire(wallet.pick(address))
      return viewOf(wallet.pick(address))
    },
    async register({ address }) {
      const own = wallet.pick(address)
      return submit(own, {
        TAG: 'register',
        data: { ...(await wallet.keys({ index: own.index, generation: 0 })), sponsorship: undefined },
      })
    },
    async sponsor({ from, request, amount }) {
      const { consent, ...keys } = readRequest(request)
      const sponsorship = { amount: BigInt(amount), consent }
      return submit(wallet.pick(from), { TAG: 'register', data: { ...keys, sponsorship } })
    },
    async rekey({ address }) {
      const own = wallet.pick(address)
      await wallet.renew(own)
      const renewed = wallet.pick(own.text)
      const { signingKey, sealKey } = await wallet.keys(renewed)
      const { outgoing } = await outbox.submit(renewed, (nonce) => {
        const proof = wallet.signWith(renewed, rekeyHash(network, { account: own.address, nonce }))
        return { action: { TAG: 'rekey', data: { signing: { key: signingKey, proof }, sealKey } } }
      })
      return submittedOf(outgoing)
    },
    policy: ({ address, leastFee, leastTier }) =>
      submit(wallet.pick(address), { TAG: 'policy', data: { leastFee: BigInt(leastFee), leastTier } }),
    async transfer({ from, to, amount }) {
      return submit(wallet.pick(from), {
        TAG: 'transfer',
        data: { to: resolveAddress(to, await contactsOf()), amount: BigInt(amount) },
      })
    },
    quote: async (request) => (await price(await prepare(request))).quoted,
    async send(request) {
      const prepared = await prepare(request)
      const { subject } = await reader.read(prepared.content)
      const { feeMax } = request
      const ordered = await outbox.submit(prepared.own, () => order(prepared, { subject, feeMax }))
      const { id } = ordered.outgoing
      const letter = ordered.letterOf(id)
      tell(letter)
      return { message: summaryOf(letter), opId: bytesToHex(id), quote: ordered.quoted }
    },
    messages: async ({ folder }) =>
      [...(folder === 'inbox' ? arriving() : []), ...(await letters.list(folder))].map(summaryOf),
    async message({ id }) {
      const letter = await find(id)
      const content = await contentOf(letter)
      if (content) await letters.opened(letter)
      return { summary: summaryOf(letter), raw: content ? base64.encode(content) : null }
    },
    async shown({ id }) {
      const letter = await find(id)
      const content = await contentOf(letter)
      if (!content) throw new Refusal('not-ready', `The message cannot be read yet: ${letter.note}.`)
      return shownOf(await reader.read(content))
    },
    async ack({ id, verdict }) {
      const letter = await find(id)
      if (letter.folder !== 'inbox')
        throw new Refusal('not-recipient', 'This is a message that you sent; its readers say what it was worth.')
      const settled = (await replica.view([{ table: 'messages', key: letter.id }])).read('messages', letter.id)
      if (!settled) throw refusalOf('message-unknown')
      const senderKey = settled.epochKey
      return submit(wallet.pick(encodeAddress(letter.own)), {
        TAG: 'ack',
        data: { message: letter.id, sender: letter.sender, senderKey, verdict, epochKey: await keyOf(letter.own) },
      })
    },
    async receipt({ id }) {
      const letter = await find(id)
      const receipt = letter.opId && (await replica.receipt(letter.opId))
      if (!receipt) throw refusalOf('message-unknown')
      const { header } = receipt.sealed
      const read = readReceipt(header, receipt)
      const outcome = Outcome.decode(receipt.outcome)
      const sent = outcome.result.TAG === 'settled' ? outcome.result.data.sent : undefined
      const names = namesOf(await contactsOf())
      return {
        receipt: base64.encode(Receipt.encode(receipt)),
        verified: read !== undefined && headerIsBy(context, receipt.sealed),
        batchHeight: String(header.height),
        batchTime: Number(header.time),
        opId: bytesToHex(outcome.op),
        messageId: bytesToHex(letter.id),
        basePrice: String(sent?.basePrice ?? 0n),
        lines: (sent?.lines ?? []).map((line) => priceLine(line, names)),
        headerHash: bytesToHex(headerHash(header)),
      }
    },
    async contacts() {
      const contacts = await contactsOf()
      return Promise.all([...contacts].map(([name, text]) => contactOf(name, resolveAddress(text, contacts))))
    },
    async setContact({ name, address }) {
      const contacts = new Map(await contactsOf())
      if (name.trim() === '' || name.startsWith('bm1'))
        throw new Refusal('bad-request', `“${name}” is no name for a contact. Choose one that is no address.`)
      await cabinet.write([cabinet.putContacts(contacts.set(name, encodeAddress(resolveAddress(address, new Map()))))])
    },
    async removeContact({ name }) {
      const contacts = new Map(await contactsOf())
      if (!contacts.delete(name)) throw new Refusal('not-found', `There is no contact “${name}”.`)
      await cabinet.write([cabinet.putContacts(contacts)])
    },
    async grant({ from, to, payer, allowance }) {
      const sender = resolveAddress(to, await contactsOf())
      return submit(wallet.pick(from), { TAG: 'grant', data: { sender, payer, allowance: BigInt(allowance) } })
    },
    async revoke({ from, to }) {
      return submit(wallet.pick(from), { TAG: 'revoke', data: { sender: resolveAddress(to, await contactsOf()) } })
    },
    stamps: () => stamps.list(redemptions.noteOf),
    buyStamp: async ({ from, denomination }) => submittedOf(await stamps.buy(wallet.pick(from), BigInt(denomination))),
    redeemStamp: ({ number, to }) => redemptions.redeem(number, wallet.pick(to)),
    operation: ({ opId }) => outbox.state(hexToBytes(opId)),
    ...createIdentityService({ node, wallet, cabinet, outbox, life, keyOf, find }),
    async stop() {
      stopRounds()
      await Promise.all([life.stop(), redemptions.stop()])
      await letters.scan()
      await reader.close()
    },
  }

  async function contactOf(name: string, address: Uint8Array): Promise<Contact> {
    const between = wallet.own.map((own) => ({
      own,
      ours: grantKey({ granter: own.address, sender: address }),
      theirs: grantKey({ granter: address, sender: own.address }),
    }))
    const keys = between.flatMap(({ ours, theirs }) => [ours, theirs])
    const view = await replica.view(keys.map((key) => ({ table: 'grants', key }) as const))
    // The one that is written under where none is named; the first where all are retired.
    const first = between.find(({ own }) => !own.retired) ?? between[0]!
    const grant = view.read('grants', first.ours)
    return {
      name,
      address: encodeAddress(address),
      granted: grant
        ? {
            payer: grant.payer,
            allowance: String(grant.allowance),
            endsAt: grant.endsAt === undefined ? null : Number(grant.endsAt),
          }
        : null,
      grantsUs: view.read('grants', first.theirs) !== undefined,
      pseudonyms: between
        .filter(({ ours, theirs }) => view.read('grants', ours) ?? view.read('grants', theirs))
        .map(({ own }) => own.label),
    }
  }
}
