/** The oldest major version of Node that Entrada runs on. */
export const OLDEST_NODE = 24

/** Returns a sentence if Node is too old, else `undefined`. It accepts `24.1.0` and `v24.1.0`. */
export function oldNodeSentence(version: string): string | undefined {
  const plain = version.replace(/^v/, '')
  return Number.parseInt(plain, 10) < OLDEST_NODE
    ? `this needs Node ${OLDEST_NODE} or later, and runs on Node ${plain}`
    : undefined
}
