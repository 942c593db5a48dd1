/** Placeholder-free start: see main. */
export const mutate = async (): Promise<string[]> => []
