/** How many connections this process can have: each takes a descriptor, and the disk and the API need some of their own. */

/** The soft limit of open descriptors, where the system says none. */
const descriptorsElsewhere = 1_024

/** What is kept for the database, whose tables are files, for the API, logs and threads: so many, and a quarter of all. */
const reservedLeast = 64

/** The fewest connections: with less a node is of no use, and better fails loudly. */
const connectionsLeast = 16

/** How many descriptors this process may have open, by its soft limit. */
export function descriptorLimit(): number {
  // With the network left out, because it would look up names; the types do not know that yet.
  const report = Object.assign(process.report, { excludeNetwork: true })
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } }
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : descriptorsElsewhere
}

/** The most connections, of so many that are wished for, for which there are descriptors. */
export function connectionsWithin({ descriptors, wished }: { descriptors: number; wished: number }): number {
  const free = descriptors - reservedLeast - Math.ceil(descriptors / 4)
  return Math.min(wished, Math.max(connectionsLeast, free))
}
