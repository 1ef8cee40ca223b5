import { routeHandlers } from 'entrada/next'
import { entrada } from '../../../entrada.ts'

export const { GET, POST, PUT, PATCH, DELETE } = routeHandlers(entrada)
