import { jsonResponse } from '../http/responses.ts'
import type { Route } from '../routes.ts'
import { answerOperation } from './answer-operation.ts'
import { openApiDocument } from './openapi.ts'
import type { Operation } from './operation.ts'
import { namedSchemas, operationList } from './operations.ts'

/** The routes of the API, one for each operation, and the one of its document. */
export const apiRoutes: readonly Route[] = [
  ...operationList.map(([, operation]) => toRoute(operation)),
  {
    method: 'GET',
    path: '/api/v1/openapi.json',
    does: 'The OpenAPI 3.1 document of everything under `/api/v1`.',
    speaks: 'json',
    limit: 'api_address',
    answer: async ({ deployment }, { here }) => {
      const url = `${here.origin}${deployment.mountPath}/api/v1`
      const tables = { operations: operationList, schemas: namedSchemas }
      return jsonResponse(openApiDocument(tables, url))
    },
  },
]

function toRoute(operation: Operation): Route {
  const { method, path, does, access, query = {} } = operation
  const scope = typeof access === 'string' ? '' : ` Needs \`${access.scope}\`.`
  const parameters = Object.keys(query).map((name) => `\`${name}\``)
  return {
    method,
    path: `/api/v1${path}`,
    does: `${does}${parameters.length > 0 ? ` ${parameters.join(', ')}.` : ''}${scope}`,
    speaks: 'json',
    // An application asks for the sessions of all its users from one address.
    ...(access === 'own_session' ? {} : { limit: 'api_address' }),
    answer: (services, exchange) => answerOperation(operation, services, exchange),
  }
}
