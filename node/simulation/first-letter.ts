/** What a first letter costs: the yardstick of everything that attacks pay. */
import type { Numbers } from '../settings/presets.ts'
import { createBooks } from './books.ts'
import { createPerson } from './person.ts'
import { createPost } from './post.ts'
import { createWorld } from './world.ts'

/** What somebody without a past is quoted for a letter to a stranger under a fresh pass, at the price that a network begins with. */
export function firstLetterOf(numbers: Numbers): bigint {
  const [from, to] = ['writer', 'stranger'].map((name) => createPerson(name, { side: name }))
  const funds = 10n ** 15n
  const world = createWorld(numbers, { timeMs: 1_000n, funded: [from!, to!].map((party) => ({ party, funds })) })
  const post = createPost(world, createBooks(world.rules), () => 0)
  post.enrol(from!)
  return post.price({ from: from!, to: to!, kind: 'lure' })!
}
