import { requireSession } from 'entrada/next'
import { entrada } from '../../entrada.ts'

export const GET = requireSession(entrada, (_request, { membership }) =>
  Response.json({ reportsOf: membership.displayName }),
)
