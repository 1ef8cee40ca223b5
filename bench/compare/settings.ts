/** What all parts of the comparison agree on. All traffic stays on the loopback interface. */
export const IDP_PORT = 9_443
export const IDP = `https://localhost:${IDP_PORT}`
export const TENANT = '11111111-2222-4333-8444-555555555555'
export const CLIENT_ID = '99999999-8888-4777-8666-555555555555'
export const CLIENT_SECRET = 'secret-of-the-bench-0123456789abcdef'
/** Sign-ins go through this many people in turn. */
export const PEOPLE = 1_000
/** How long Entra takes for an answer; the real one takes a hundred times as long. */
export const LATENCY_MS = 2
