/** Start of the samples of a series of floats over time. */
export const VALUES_KEY: Uint8Array = Buffer.from('"values":[');
