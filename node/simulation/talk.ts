/**
 * What letters come to where they are answered: the frontier between letters among people who answer each other, which are
 * to cost next to nothing, and letters that nobody asked for, which are not. Measured on the ledger, two people at a time.
 */
import type { Numbers } from '../settings/presets.ts'
import { createBooks } from './books.ts'
import { firstLetterOf } from './first-letter.ts'
import { createPerson, type Person } from './person.ts'
import { createPost } from './post.ts'
import { createWorld } from './world.ts'

/**
 * Somebody under a fresh pass writes to a stranger, who answers so many letters, one by one; then they send all that this
 * pays for. What each letter cost them, and each of those that nobody answered, in the smallest unit.
 */
type Talk = { readonly answers: number; readonly letter: number; readonly unanswered: number }

/** How many answers are tried. */
const counts = [0, 1, 2, 3, 5, 8, 13, 21]

export function talksOf(numbers: Numbers): Talk[] {
  const first = firstLetterOf(numbers)
  return counts.map((answers) => {
    const [from, to] = ['writer', 'stranger'].map((name) => createPerson(name, { side: name })) as [Person, Person]
    const funds = 10n ** 15n
    const world = createWorld(numbers, { timeMs: 1_000n, funded: [from, to].map((party) => ({ party, funds })) })
    const post = createPost(world, createBooks(world.rules), () => 0)
    post.enrol(from)
    const letter = { from, to, kind: 'lure' } as const
    const paid: bigint[] = []
    const write = () => paid.push(post.send(letter)!.paid)
    write()
    for (let answer = 0; answer < answers; answer++) {
      post.send({ from: to, to: from, kind: 'answer' })
      write()
    }
    while (post.price(letter)! < first) write()
    const sum = Number(paid.reduce((all, each) => all + each, 0n))
    return { answers, letter: sum / paid.length, unanswered: sum / (paid.length - answers) }
  })
}
