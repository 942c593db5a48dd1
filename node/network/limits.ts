/** Sizes that every implementation of `Network` holds to, so that what passes in a simulation passes on a wire. */

/** One gossiped message; larger things are asked for by id. */
export const messageMaxBytes = 512 * 1024

/** One frame of a request or of its answer. */
export const frameMaxBytes = 1024 * 1024
