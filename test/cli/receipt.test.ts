/** A saved receipt, as people read it without a daemon. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { formatNetworkFile } from '../../node/settings/network-file.ts'
import { encodeAddress } from '../../protocol/address.ts'
import { readEntry } from '../../protocol/doorway.ts'
import { Receipt } from '../../protocol/receipt.ts'
import { firstLink, nextLink, receiptOf } from '../kit/chain.ts'
import { bmail } from '../kit/command.ts'
import { action, ada, bob, context, genesis, registeredState, rules, signed } from '../kit/fixtures.ts'

test('receipt --verify says whose an operation is, and nobody of what is nobody’s', async (t) => {
  const home = t.testdir({})
  const [network, file] = [join(home, 'club.json'), join(home, 'paid.receipt')]
  writeFileSync(network, formatNetworkFile({ rules, genesis }))
  const payment = signed({ by: ada, action: action('transfer', { to: bob.address, amount: 9n }) })
  const link = nextLink(firstLink(registeredState(ada, bob)), {
    ops: [payment, readEntry(new Uint8Array(200), context)],
  })
  for (const [index, said, sender] of [
    [0, encodeAddress(ada.address), encodeAddress(ada.address)],
    [1, 'nobody', encodeAddress(new Uint8Array(20))],
  ] as const) {
    writeFileSync(file, Receipt.encode(receiptOf(link, index)))
    const args = ['receipt', '--verify', file, '--network', network]
    const { stdout, stderr } = await bmail(args, { home })
    t.match(stdout, new RegExp(`^paid by +${said}$`, 'm'), stderr)
    const { sender: given } = JSON.parse((await bmail([...args, '--json'], { home })).stdout) as { sender: string }
    t.equal(given, sender, 'always an address in JSON')
  }
})
