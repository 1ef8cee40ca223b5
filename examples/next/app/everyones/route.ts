import { requireRole } from 'entrada/next'
import { entrada } from '../../entrada.ts'

export const GET = requireRole(entrada, 'admin', () => Response.json({ reportsOf: 'everyone' }))
