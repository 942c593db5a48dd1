/** Who is asked in a round: all who answer a greeting, and one that is silent holds up nobody. */
import { test } from 'tap'
import { createGreetings } from '../../../node/peers/greetings.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a round goes on with those who answered, soon after the first of them; who is silent is not greeted twice', async (t) => {
  const greeted = new Map<string, PromiseWithResolvers<void>[]>()
  const due: (() => void)[] = []
  const greetAll = createGreetings({
    greet(peer) {
      const answer = Promise.withResolvers<void>()
      greeted.set(peer, [...(greeted.get(peer) ?? []), answer])
      return answer.promise
    },
    clock: {
      after(_, task) {
        due.push(() => void task())
        return () => undefined
      },
    },
    failed: () => () => undefined,
  })
  const answer = (peer: string) => greeted.get(peer)!.at(-1)!.resolve()
  let asked: string[] | undefined
  const round = (peers: string[]) => {
    asked = undefined
    void greetAll(peers).then((answered) => (asked = answered))
  }

  round(['a', 'b', 'silent'])
  await turn()
  t.equal(due.length, 0, 'nobody answered yet, so all are waited for')
  answer('b')
  await turn()
  t.equal(asked, undefined)
  answer('a')
  await turn()
  due.shift()!()
  await turn()
  t.same(asked, ['b', 'a'])

  round(['a', 'b', 'silent'])
  t.equal(greeted.get('silent')!.length, 1, 'it is being greeted still')
  answer('a')
  answer('b')
  await turn()
  t.same(asked, ['a', 'b'], 'all answered, so nothing is waited for')

  greeted.get('silent')![0]!.reject(new Error('it was silent'))
  await turn()
  round(['silent'])
  t.equal(greeted.get('silent')!.length, 2, 'and it is greeted anew')
  greeted.get('silent')![1]!.reject(new Error('again'))
  await turn()
  t.same(asked, [])
  round([])
  await turn()
  t.same(asked, [])
})
