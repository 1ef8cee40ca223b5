/** `src/client/paths.ts`, made from the tables of the API: the client carries addresses, not the server. */
import { operationList } from '../src/api/operations.ts'

export function clientPaths(): string {
  const rows = operationList.map(([id, { method, path, creates }]) => {
    return `  ${id}: '${method} ${path}${creates ? ' creates' : ''}',`
  })
  return `/** Made by \`npm run docs\` from the tables of the API. Do not edit. */
export const paths = {
${rows.join('\n')}
} as const
`
}
