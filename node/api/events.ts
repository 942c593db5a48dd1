/** Server-sent events: what happens in a daemon, told to whoever listens at `/v1/events`. */
import type { ServerResponse } from 'node:http'
import { HttpRefusal } from './errors.ts'
import type { Clock } from '../seams.ts'
import type { Service } from '../service.ts'

const streamsMax = 64
/** A listener that lets this much pile up is cut off; it can connect again and ask for the state. */
const backlogBytesMax = 4 * 1024 * 1024
const heartbeatMs = 15_000

/** The streams that are open. `close` ends them all. */
interface EventStreams {
  /** Refuses (503) where too many listen already. */
  admit(): void
  /** Stream until either side goes. Once the first comment is out, no event is missed. */
  open(response: ServerResponse): void
  close(): void
}

/** Nothing is subscribed to before the first listener comes. */
export function createEventStreams({
  service,
  clock,
}: {
  service: Pick<Service, 'subscribe'>
  clock: Clock
}): EventStreams {
  const streams = new Set<ServerResponse>()
  let stop = () => {}

  const tellAll = (frame: string): void => {
    for (const stream of streams) {
      stream.write(frame)
      if (stream.writableLength > backlogBytesMax) stream.destroy()
    }
  }
  const start = (): void => {
    const unsubscribe = service.subscribe((event) =>
      tellAll(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`),
    )
    const calm = clock.every(heartbeatMs, () => tellAll(': still here\n\n'))
    stop = () => {
      unsubscribe()
      calm()
    }
  }
  return {
    admit() {
      if (streams.size < streamsMax) return
      const sentence = `${streamsMax} programs listen to this daemon already. Close one of them.`
      throw new HttpRefusal({ status: 503, code: 'queue-full', sentence })
    },
    open(response) {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
      if (streams.size === 0) start()
      streams.add(response)
      response.once('error', () => response.destroy())
      response.once('close', () => {
        streams.delete(response)
        if (streams.size === 0) stop()
      })
      response.write(': listening\n\n')
    },
    close() {
      for (const stream of streams) stream.end()
    },
  }
}
