/** A mailbox in memory with as many letters as one likes. */
import { createServiceFixture, idOf, received, type ServiceFixture } from './service-fixture.ts'

/** Letters that came an hour after each other, the last of them called “Letter 1”; one in seven is unread. */
export function mailboxOf(count: number): ServiceFixture {
  const service = createServiceFixture()
  for (let number = 1; number <= count; number++)
    service.put({
      ...received,
      id: idOf(number),
      subject: `Letter ${number}`,
      settledAt: received.settledAt! + (count - number) * 3_600_000,
      state: number % 7 === 0 ? 'released' : 'opened',
    })
  return service
}
