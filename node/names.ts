/** Names that a person gives to others and to themselves: how they are kept, and which of them are taken for each other. */

/** A name as it is kept and looked for: composed (NFC), without blanks around it, with single ones inside. */
export const tidyName = (name: string): string => name.normalize('NFC').replace(/\s+/g, ' ').trim()

/**
 * Whether somebody who reads one name could take it for the other: another case or width, letters of another script, and
 * what looks alike in one (l, 1 and I; O and 0; rn and m).
 */
export function isAlike(one: string, other: string): boolean {
  return skeletonOf(one) === skeletonOf(other) || skeletonOf(lower(one)) === skeletonOf(lower(other))
}

/** Whether a name could be taken for the beginning of an address. */
export const isLikeAddress = (name: string): boolean =>
  [name, lower(name)].some((one) => skeletonOf(one).startsWith('bml'))

const lower = (name: string): string => name.normalize('NFKC').toLowerCase()

/**
 * What is left of a name when everything that looks alike is made one, after UTS #39, section 4. The table has what comes
 * to letters and digits of ASCII in Cyrillic, Greek, Armenian and phonetic writing; width, mathematical letters and the
 * like are NFKD’s. Marks stay: é is no e to anybody who reads.
 */
function skeletonOf(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{Default_Ignorable_Code_Point}/gu, '')
  return [...plain]
    .map((letter) => looks.get(letter) ?? letter)
    .join('')
    .toLowerCase()
    .replace(/\p{Pd}/gu, '-')
    .replace(/rn/g, 'm')
    .replace(/vv/g, 'w')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Of each letter, those that look like it. In capitals I is an l, and so is what looks like an I. */
const alike: Readonly<Record<string, string>> = {
  a: 'аАαΑɑ',
  b: 'вВΒʙьЬƅ',
  c: 'сСϲϹᴄ',
  d: 'ԁᴅ',
  e: 'еЕΕҽ℮',
  f: 'ƒϝք',
  g: 'ɡց',
  h: 'һҺнНΗհʜ',
  i: 'іıιɩ',
  j: 'јЈϳʝ',
  k: 'кКκΚĸ',
  l: 'I1|ӏӀІΙǀ∣ן١ا',
  m: 'мМΜᴍ',
  n: 'пΝηոɴ',
  o: '0оОοΟσօՕᴏס٥ه〇',
  p: 'рРρΡ',
  q: 'ԛզգ',
  r: 'гᴦʀ',
  s: 'ѕЅՏꜱ',
  t: 'тТτΤᴛ',
  u: 'υսʋᴜ',
  v: 'νѵѴᴠ',
  w: 'ԝԜѡաᴡ',
  x: 'хХχΧ×',
  y: 'уУγΥүҮʏ',
  z: 'Ζᴢ',
  3: 'ЗзɜƷ',
  6: 'б',
  ß: 'β',
  "'": '’‘ʼ`´',
}

const looks: ReadonlyMap<string, string> = new Map(
  Object.entries(alike).flatMap(([letter, others]) => [...others].map((other) => [other, letter] as const)),
)
