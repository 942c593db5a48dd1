/** The thread of `verdict-thread.ts`: what the keys of an epoch gathered in, the root and paths of its tree out. */
import { parentPort } from 'node:worker_threads'
import { verdictTree } from '../../protocol/verdict-tree.ts'
import type { Answered, Asked } from './verdict-thread.ts'

parentPort?.on('message', ({ gathered, keys }: Asked) => {
  const { root, show } = verdictTree(gathered)
  parentPort?.postMessage({ root, shown: keys.map(show) } satisfies Answered)
})
