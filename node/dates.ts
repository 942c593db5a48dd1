/** A moment (milliseconds since 1970) for a person, whoever's clock it is: 2026-11-26 13:20:05 UTC. */
export const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
