/** No attack at all: what the others are held against. */
import type { Attack } from './attack.ts'
import { pause } from './measure.ts'

export const nothing: Attack = {
  name: 'none',
  what: 'nobody attacks: what the machine itself costs',
  victim: 'relay2',
  async strike({ begin, seconds }) {
    await begin()
    await pause(seconds * 1_000)
  },
}
