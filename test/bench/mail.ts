/** Mail through three daemons, as tables. The measuring itself is in `flow.ts`. */
import { type Flow, flow as measure } from './flow.ts'
import type { Section } from './section.ts'

export const flow: Section<Flow> = {
  title: 'Flow: submitted → settled → lock open, over three daemon processes',
  run: measure,
  tables: ({ saturated, gentle, batchIntervalMs }) => [
    [
      [
        'messages',
        'messages/s',
        'of verify',
        'ops a batch',
        ...Object.keys(saturated.cpuMsPerMessage).map((name) => `CPU ms, ${name}`),
      ],
      [
        saturated.messages,
        saturated.perSecond,
        saturated.ofVerify,
        saturated.opsPerBatch,
        ...Object.values(saturated.cpuMsPerMessage),
      ],
    ],
    [
      ['at a second', 'messages', 'open p50 ms', 'open p95 ms', 'settled p95 ms', 'batch interval ms'],
      ...gentle.map((one) => [one.perSecond, one.messages, one.p50Ms, one.p95Ms, one.settledP95Ms, batchIntervalMs]),
    ],
  ],
  notes: ({ sealMs, verifyPerSecond }) => [
    `Sealing took ${sealMs} ms each, beforehand; a bare verification ${(1000 / verifyPerSecond).toFixed(3)} ms.`,
  ],
}
