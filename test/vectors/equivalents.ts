/**
 * Changes that no input can show, each with the reason. A line is named by a part of it that is enough to find it.
 * Whoever adds one here says that two nodes, one with the change and one without, agree for ever.
 */
export const equivalents: readonly {
  readonly path: string
  readonly line: string
  readonly change: string
  readonly reason: string
}[] = [
  {
    path: 'protocol/gossip.ts',
    line: 'lockKeys: [2',
    change: '255 → 255 + 1',
    reason: 'the number of keys stands in one byte',
  },
  {
    path: 'protocol/operations/renew.ts',
    line: 'endorsement.amount * scoreOne',
    change: '(endorsement.amount * scoreOne) / 2n → (((endorsement.amount * scoreOne) + 2n - 1n) / 2n)',
    reason: 'whole scores are even',
  },
  {
    path: 'protocol/accounts.ts',
    line: 'indexes.size > 0',
    change: 'ndexes.size ‹>› 0; leve → ‹>=›',
    reason: 'where nothing changed, the levels above are gone through for nothing',
  },
  {
    path: 'protocol/accounts.ts',
    line: 'let slot = kept',
    change: 'kept; slot ‹<› count; → ‹<=›',
    reason: 'the slot behind the last one is empty already',
  },
  {
    path: 'protocol/price.ts',
    line: 'if (goal <= price)',
    change: 'if (goal ‹<=› price) → ‹<›',
    reason: 'where price and goal are the same, so is the step upwards',
  },
  {
    path: 'protocol/pair.ts',
    line: 'left > 0n',
    change: 'eps && left ‹>› 0n; ste → ‹>=›',
    reason: 'what is nothing stays so, however often it fades',
  },
  {
    path: 'protocol/pair.ts',
    line: 'asOf: 0',
    change: 'asOf: ‹0›, → ‹1›',
    reason: 'strangers have nothing that could fade',
  },
  {
    path: 'protocol/pair.ts',
    line: 'pair.asOf === 0',
    change: 'sOf === 0 ? ‹0› : epoch → ‹1›',
    reason: 'strangers have nothing that could fade',
  },
  {
    path: 'protocol/identity.ts',
    line: 'asOf === 0 ? 0',
    change: 'sOf === 0 ? ‹0› : next. → ‹1›',
    reason: 'a first state has nothing that could decay',
  },
  {
    path: 'protocol/reputation.ts',
    line: 'bit < 6',
    change: 'it = 0; bit ‹<› 6; bit+ → ‹<=›',
    reason: 'a number up to 63 has no seventh bit',
  },
  {
    path: 'protocol/reputation.ts',
    line: 'bit < 6',
    change: '= 0; bit < ‹6›; bit++) → ‹7›',
    reason: 'a number up to 63 has no seventh bit',
  },
  {
    path: 'protocol/tree.ts',
    line: 'for (let level = 0; level < depth; level++) {',
    change: '= 0; level ‹<› depth; → ‹<=›',
    reason: 'nobody reads the level above the root',
  },
  {
    path: 'protocol/tree.ts',
    line: 'below.slice(at * 4',
    change: 't * 4, at * ‹4› + 4))), → ‹5›',
    reason: 'of the children that are given to a node, the first four count',
  },
  {
    path: 'protocol/tree.ts',
    line: 'below.slice(at * 4',
    change: '4, at * 4 + ‹4›))), → ‹5›',
    reason: 'of the children that are given to a node, the first four count',
  },
  {
    path: 'protocol/verdict-tree.ts',
    line: 'a.key < b.key',
    change: ') => (a.key ‹<› b.key ? → ‹<=›',
    reason: 'no epoch key is there twice',
  },
  {
    path: 'protocol/checkpoint.ts',
    line: 'if (meta.committedAt === 0n) return false',
    change: 'behind … || due === checkpointAt(rules, meta, before)) return false',
    reason: 'either way no checkpoint is taken',
  },
  {
    path: 'protocol/envelope.ts',
    line: 'threshold !== keeperSet.threshold ||',
    change: "behind …apsLength(recipientsCount)) return no('envelope-malformed')",
    reason: 'both are refused for the same reason',
  },
  {
    path: 'protocol/envelope.ts',
    line: 'lockedWraps.length !==',
    change: "behind … !== bodyLength(sizeClass)) return no('envelope-malformed')",
    reason: 'both are refused for the same reason',
  },
  {
    path: 'protocol/operations/pass.ts',
    line: 'if (pass.tier > rules',
    change: 'behind if (!checkpoint.ok) return checkpoint',
    reason: 'the op asks before, and of a statement that there is none of nobody hears why',
  },
  {
    path: 'protocol/custody.ts',
    line: 'if (!signer.ok) return signer',
    change: "behind if (!author && needsAuthor) return no('malformed')",
    reason: 'nothing is both',
  },
  {
    path: 'protocol/custody.ts',
    line: "return no('nonce-used')",
    change: "behind if (author.nonce > account.nonce) return no('nonce-gap')",
    reason: 'nothing is both',
  },
  {
    path: 'protocol/custody.ts',
    line: "if (equalBytes(sender, author)) return no('recipient-self')",
    change: "behind …ounts', sender)?.signingKey) return no('recipient-unknown')",
    reason: 'whoever sets something aside has a key',
  },
  {
    path: 'protocol/custody.ts',
    line: "return no('registered-already')",
    change: "behind …upplyOf(draft).slots >= accountsMax) return no('tree-full')",
    reason: 'nothing is both',
  },
  {
    path: 'protocol/custody.ts',
    line: "if (!proven()) return no('unproven')",
    change: "behind …tion))?.amount ?? 0n) < denomination) return no('unproven')",
    reason: 'both are refused for the same reason',
  },
  {
    path: 'protocol/custody.ts',
    line: "return no('recipient-self')",
    change: "behind if (seen.has(name)) return no('recipient-repeated')",
    reason: 'what is repeated was refused where it stood first',
  },
  {
    path: 'protocol/custody.ts',
    line: "return no('recipient-repeated')",
    change: "behind if (!recipient?.signingKey) return no('recipient-unknown')",
    reason: 'what is repeated was known where it stood first',
  },
  {
    path: 'protocol/ledger.ts',
    line: 'named.burn < asked.burn',
    change: 'behind …?.amount ?? 0n) < (asked.share?.amount ?? 0n)) return false',
    reason: 'both are refused for the same reason',
  },
  {
    path: 'protocol/ledger.ts',
    line: 'if ((named.share?.amount ?? 0n) <',
    change: 'behind …lBytes(named.share.payee, asked.share.payee))) return false',
    reason: 'both are refused for the same reason',
  },
  {
    path: 'protocol/money.ts',
    line: 'if (isNobodys && (nonce',
    change: "behind …ytes(payee, nobody) && share !== 0n) return no('malformed')",
    reason: 'both are refused for the same reason',
  },
  {
    path: 'protocol/money.ts',
    line: 'if (equalBytes(payee, nobody) && share',
    change: 'behind if (!deed.ok) return deed',
    reason: 'both are refused for the same reason',
  },
]
