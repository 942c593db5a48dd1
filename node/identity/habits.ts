/**
 * For which of our pseudonyms a pass is taken in an epoch. Every pass shows that its owner was there, so one is taken only
 * for a pseudonym that its owner asks one for, keeps warm, or used lately; and not in the epochs that it sits out. What is
 * drawn here is drawn for each pseudonym by itself, so that two of one person neither stop nor pause together because of it.
 * It follows from the recovery phrase, so that it is the same after a restart and on every device.
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import type { Own } from '../keys/wallet.ts'

/** For how many epochs after it was used a pseudonym still gets a pass, at most. */
const lingersMax = 4

type Drawing = { readonly key: Uint8Array; readonly own: Pick<Own, 'address' | 'habit'> }

/** For how many epochs after one in which a pseudonym was used it still gets a pass: 1 to 4, evenly, drawn for each such epoch. */
export const lingers = (drawing: Drawing, usedIn: number): number =>
  1 + Math.floor(drawn(drawing, 'lingers', usedIn) * lingersMax)

/** Whether a pseudonym sits an epoch out, as its habit has it. */
export const sitsOut = (drawing: Drawing, epoch: number): boolean =>
  drawn(drawing, 'sits out', epoch) * 100 < drawing.own.habit.skipPercent

/**
 * Whether a pseudonym goes up in an epoch to a better tier that it has not earned by itself: in one of three, drawn for each
 * pseudonym, so that the names of a person do not go up together once verdicts on one of them are folded.
 */
export const stepsUp = (
  drawing: Pick<Drawing, 'key'> & { readonly own: Pick<Own, 'address'> },
  epoch: number,
): boolean => drawn(drawing, 'steps up', epoch) < 1 / 3

/** Why a pass is taken, or why none is. */
export type Want = 'asked' | 'warm' | 'used' | 'sits-out' | 'unused'

/** Whether a pseudonym wants a pass in an epoch, and why. `usedIn` is the latest epoch in which it wrote or judged. */
export function wantOf(
  drawing: Drawing,
  {
    epoch,
    usedIn,
    isAsked,
  }: { readonly epoch: number; readonly usedIn: number | undefined; readonly isAsked: boolean },
): Want {
  if (isAsked) return 'asked'
  if (sitsOut(drawing, epoch)) return 'sits-out'
  if (drawing.own.habit.warm) return 'warm'
  return usedIn !== undefined && epoch <= usedIn + lingers(drawing, usedIn) ? 'used' : 'unused'
}

/** Whether that is a wish for a pass. */
export const isWanted = (want: Want): boolean => want !== 'sits-out' && want !== 'unused'

/** A number from 0 up to 1, evenly; 32 bits of it. */
function drawn({ key, own }: Parameters<typeof stepsUp>[0], purpose: string, epoch: number): number {
  const bytes = hmac(sha256, key, concatBytes(utf8ToBytes(`${purpose} `), own.address, P.U32BE.encode(epoch)))
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32
}
