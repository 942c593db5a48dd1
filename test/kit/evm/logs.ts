/**
 * Random logs for a contract: what people really do, what they try, and what is no operation at all, each with real
 * signatures; the same for the same seed.
 */
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { sign } from '../../../node/keys/sign.ts'
import { seededRandom } from '../../../node/simulated/seeded-random.ts'
import { equalBytes } from '../../../protocol/codec.ts'
import { hash } from '../../../protocol/hash.ts'
import { type Amounts, Part, partOf, SignedPart } from '../../../protocol/money.ts'
import { type Action, operationOf } from '../../../protocol/operations.ts'
import { rekeyHash } from '../../../protocol/operations/rekey.ts'
import { consentHash } from '../../../protocol/registration.ts'
import { grantKey, type View } from '../../../protocol/state.ts'
import { partOfOp } from '../../../protocol/wire.ts'
import { nobody } from '../../../protocol/words.ts'
import { drawing } from '../drawing.ts'
import { action, network, type Person, personOf, rules, seedOf, sendTo } from '../fixtures.ts'
import { goodProof } from '../plain-proofs.ts'
import type { Frame } from './chain.ts'
import { pointOf } from './model.ts'

/** Who there is. The last are known to nobody at first. */
export const people = ['ada', 'bob', 'cyd', 'dan', 'eve', 'fay', 'gus'].map((name) => personOf(`${name} on a chain`))
/** Keys that accounts move to. */
const spare = ['one', 'two', 'three'].map((name) => personOf(`spare key ${name}`))
/** Addresses of the chain. */
export const outside = [1, 2, 3].map((number) => seedOf(`outside ${number}`).slice(0, 20))
/** The group order of P-256. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const u64Max = 2n ** 64n - 1n

export type Dice = ReturnType<typeof diceOf>
/** Dice by a seed. */
export function diceOf(seed: string) {
  const random = seededRandom(sha256(utf8ToBytes(seed)), 'log')
  return { random, ...drawing(random) }
}

/** What a log stands at: what is settled, all bytes so far, and the chain's time in milliseconds. */
type Moment = Dice & { readonly view: View; readonly past: readonly Frame[]; readonly time: bigint }

const keyOf = (key: Uint8Array | undefined): Person | undefined =>
  [...people, ...spare].find(({ signingKey }) => key && equalBytes(signingKey, key))

/** Who can sign for an address now, and, where nobody can, whose first key it has. */
const signerOf = ({ view }: Moment, account: Uint8Array): Person =>
  keyOf(view.read('accounts', account)?.signingKey) ??
  people.find(({ address }) => equalBytes(address, account)) ??
  people[0]!

/** A frame of an operation as its author signs it. */
export function signedFrame(part: Part, signer: Person): Frame {
  const signature = sign(hash('op', network, Part.encode(part)), signer.privateKey)
  return { bytes: SignedPart.encode({ part, signature }), key: pointOf(signer.signingKey) }
}

/** An operation as whoever has these keys signs it. */
export function frameBy(
  by: Person,
  act: Action,
  {
    nonce = 0n,
    expiry = u64Max,
    burn = 0n,
    share,
    lines,
    account = by.address,
  }: Partial<Part & Amounts> & { share?: Amounts['share'] } = {},
): Frame {
  const paid = lines ?? operationOf(act).lines(act.data, rules) ?? []
  return signedFrame(partOfOp({ account, nonce, expiry, burn, share, lines: paid, action: act }), by)
}

/** Somebody registers themselves. */
export const registration = (by: Person): Frame =>
  frameBy(by, action('register', { signingKey: by.signingKey, sealKey: by.sealKey, sponsorship: undefined }))

/** The next frame. */
export function frameOf(moment: Moment): Frame {
  const { past, random, number, pick, percent } = moment
  const chance = number(1, 100)
  if (chance <= 6 && past.length > 0) return pick(past)
  if (chance <= 10) return { bytes: junk(moment), key: percent(50) ? random(64) : pointOf(pick(people).signingKey) }
  const part = partOfWish(moment)
  if (percent(2)) part.mail = concatBytes(part.mail, random(pick([1, 4_096])))
  if (chance > 70) for (let slips = number(1, 2); slips > 0; slips--) warp(part, moment)
  const signer = percent(4) ? pick([...people, ...spare]) : signerOf(moment, part.account)
  const isNobodys = equalBytes(part.account, nobody)
  const signature =
    isNobodys && !percent(15) ? new Uint8Array(64) : sign(hash('op', network, Part.encode(part)), signer.privateKey)
  const isTwin = percent(3)
  const bytes = SignedPart.encode({ part, signature: isTwin ? twinOf(signature) : signature })
  const point = pointOf(percent(4) ? pick(people).signingKey : signer.signingKey)
  if (percent(3)) point[number(0, 63)]! ^= 1 << number(0, 7)
  return { bytes, key: point }
}

/** The signature with the other s, which is as good to whoever takes both. */
function twinOf(signature: Uint8Array): Uint8Array {
  const s = order - BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`)
  return concatBytes(signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex'))
}

/** Bytes that are no operation at all, or almost. */
function junk({ past, random, number, pick, percent }: Moment): Uint8Array {
  if (past.length === 0 || percent(20)) return random(number(0, 300))
  if (percent(5)) return new Uint8Array(pick([4_096, 4_097, 65_535]))
  const { bytes } = pick(past)
  if (percent(30)) return bytes.slice(0, number(0, bytes.length))
  if (percent(30)) return concatBytes(bytes, random(1))
  const at = number(0, Math.max(0, bytes.length - 1))
  return bytes.length === 0 ? bytes : bytes.with(at, number(0, 255))
}

/** What somebody wants, with the amounts that they name. */
function partOfWish(moment: Moment): Part {
  const { view, time, number, pick, percent } = moment
  const by = pick(percent(85) ? people.slice(0, 5) : people)
  const wish = wishOf(moment, by)
  const account = operationOf(wish).author.kind === 'nobody' ? nobody : by.address
  const isNobodys = equalBytes(account, nobody)
  const nonce = isNobodys ? 0n : (view.read('accounts', account)?.nonce ?? 0n)
  const expiry = isNobodys ? 0n : time + BigInt(pick([0, 1, 1_000, 60_000_000]))
  const lines = (operationOf(wish).lines(wish.data, rules) ?? linesOf(moment, by)) as Amounts['lines']
  const setAside = lines.reduce((sum, { amount, from }) => (from === 'allowance' ? sum + amount : sum), 0n)
  const burn = isNobodys ? 0n : setAside + BigInt(pick([0, 0, 1, 10, number(0, 400)]))
  const payee = percent(60) ? pick(percent(90) ? people.slice(0, 3) : people).address : undefined
  const share = payee && { payee, amount: isNobodys || percent(20) ? 0n : BigInt(number(0, 300)) }
  return partOfOp({ account, nonce, expiry, burn, share, lines, action: wish })
}

/** Whom a letter pays, out of what. */
function linesOf({ view, number, pick, percent }: Moment, by: Person): Amounts['lines'] {
  const others = people.filter((one) => one !== by)
  const to = new Set(
    Array.from({ length: percent(5) ? 0 : number(1, 3) }, () => pick(percent(80) ? others.slice(0, 4) : others)),
  )
  return [...to].map(({ address }) => {
    const held = view.read('allowances', grantKey({ granter: address, sender: by.address }))?.amount ?? 0n
    return held > 0n && percent(60)
      ? { address, amount: percent(80) ? held / 2n : held + 1n, from: 'allowance' }
      : { address, amount: BigInt(number(0, 300)), from: 'funds' }
  })
}

function wishOf(moment: Moment, by: Person): Action {
  const { view, number, pick, percent } = moment
  const other = pick(people.filter((one) => one !== by))
  const amount = BigInt(pick([0, 1, number(0, 500), number(0, 5_000)]))
  if (!view.read('accounts', by.address)?.signingKey && percent(70))
    return action('register', { signingKey: by.signingKey, sealKey: by.sealKey, sponsorship: undefined })
  const fresh = people.filter(({ address }) => !view.read('accounts', address)?.signingKey)
  const nonce = view.read('accounts', by.address)?.nonce ?? 0n
  const key = pick([...spare, by])
  const signature = sign(
    rekeyHash(network, { account: by.address, nonce }),
    pick(percent(85) ? [key] : people).privateKey,
  )
  const newcomer = pick(fresh.length > 0 && percent(85) ? fresh : people)
  const consent = sign(consentHash(network, newcomer), (percent(85) ? newcomer : by).privateKey)
  const acts: readonly (() => Action)[] = [
    () => sendTo([other], {}),
    () => sendTo([other], {}),
    () => sendTo([other], {}),
    () => action('transfer', { to: other.address, amount }),
    () => action('grant', { sender: other.address, payer: 'recipient', allowance: amount }),
    () => action('revoke', { sender: other.address }),
    () => action('withdraw', { to: pick(outside), amount }),
    () => action('register', { ...newcomer, sponsorship: percent(85) ? { amount, consent } : undefined }),
    () =>
      action('rekey', {
        signing: percent(80) ? { key: key.signingKey, signature } : undefined,
        sealKey: percent(50) ? by.sealKey : undefined,
      }),
    () => action('policy', { leastTier: 1, leastFee: amount }),
    () => action('stampBuy', { denomination: 1_000n, note: 7n }),
    () =>
      action('renew', {
        epoch: 1,
        checkpoint: 0,
        nullifier: BigInt(number(1, 9)),
        leaf: 1n,
        endorsement: undefined,
        proof: goodProof,
      }),
  ]
  return pick(acts)()
}

/** Change a part so that it still has the form of one. */
function warp(part: Part, { random, number, pick, percent }: Moment): void {
  const huge = pick([0n, 1n, 2n ** 63n, u64Max, BigInt(number(0, 9_999))])
  const line = part.lines[0]
  const ways: readonly (() => void)[] = [
    () => void (part.nonce += pick([1n, -1n])),
    () => void (part.nonce = huge),
    () => void (part.expiry -= pick([1n, 1_000n, 1_000_000n])),
    () => void (part.expiry = huge),
    () => void (part.burn = huge),
    () => void (part.share = huge),
    () => void (part.payee = pick([nobody, part.account, random(20)])),
    () => void (part.account = pick([nobody, pick(people).address])),
    () => void (part.kind = pick([1, 2, 3, 7, 8, 12, 13, 15, 16, 255, number(0, 255)])),
    () => void (part.deed = percent(50) ? random(pick([0, 1, 20, 28, 34, 98])) : part.deed.slice(0, -1)),
    () => void (part.mail = percent(50) ? random(number(0, 40)) : part.mail.slice(0, -1)),
    () => line && void (line.amount = huge),
    () => line && void part.lines.push({ ...line, from: pick(['funds', 'allowance'] as const) }),
    () => line && void (line.address = pick([part.account, random(20), pick(people).address])),
    () => line && void (line.from = line.from === 'funds' ? 'allowance' : 'funds'),
    () => void part.lines.push({ address: pick(people).address, amount: huge % 50n, from: 'funds' }),
    () => void Object.assign(part, partOf({ burn: part.burn, share: undefined, lines: [] })),
    () => part.deed.length > 0 && void (part.deed = part.deed.with(number(0, part.deed.length - 1), number(0, 255))),
    () => part.mail.length > 0 && void (part.mail = part.mail.with(number(0, part.mail.length - 1), number(0, 255))),
  ]
  pick(ways)()
  const word = (value: bigint): bigint => BigInt.asUintN(64, value)
  Object.assign(part, { nonce: word(part.nonce), expiry: word(part.expiry) })
}
