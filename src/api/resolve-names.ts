/**
 * Replaces slugs by ids: wherever a call names an organization or a connection, its slug may be used. An id that exists always
 * takes precedence, because an id that was imported from another system may equal a slug of another record.
 */
import type { Services } from '../services.ts'
import type { OrganizationId } from '../storage/records.ts'
import type { Call, Operation } from './operation.ts'

type Input = Pick<Call, 'params' | 'query' | 'body'>
type Kind = 'organization' | 'connection'

/** Returns the same input with ids in place of slugs. A name that matches nothing stays as it is, and is not found later. */
export async function resolveNames(
  { path }: Operation,
  services: Pick<Services, 'storage'>,
  { params, query, body }: Input,
): Promise<Input> {
  const resolve = createResolver(services)
  return {
    params: await resolve(params, namesInPath(path)),
    query: await resolve(query, namesInQuery),
    body: await resolve(body, namesInBody(body)),
  }
}

type Names = Readonly<Record<string, Kind>>

const namesInQuery: Names = { organization: 'organization', connection: 'connection' }

function namesInPath(path: string): Names {
  if (path.startsWith('/organizations/:id')) return { id: 'organization' }
  return path.startsWith('/connections/:id') ? { id: 'connection' } : {}
}

/** In a body with `of`, that member names the kind of record to which `id` belongs. */
function namesInBody(body: unknown): Names {
  const { of } = (body ?? {}) as { readonly of?: unknown } // of any operation
  const named: Names = of === 'organization' || of === 'connection' ? { id: of } : {}
  return { organizationId: 'organization', connectionId: 'connection', ...named }
}

function createResolver(services: Pick<Services, 'storage'>) {
  return async <T>(input: T, names: Names): Promise<T> => {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
    let resolved = input
    for (const [member, kind] of Object.entries(names)) {
      const value = (input as Readonly<Record<string, unknown>>)[member] // any object of the API
      if (typeof value !== 'string' || !Object.hasOwn(input, member)) continue
      const id = await findId(services, kind, value)
      if (id !== undefined && id !== value) resolved = { ...resolved, [member]: id }
    }
    return resolved
  }
}

/** Ids that Entrada creates have one form, which no slug has. They need no look-up. */
const MADE_HERE = /^(org|con)_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

async function findId(
  { storage }: Pick<Services, 'storage'>,
  kind: Kind,
  name: string,
): Promise<string | undefined> {
  if (MADE_HERE.test(name)) return name
  const slug = name.toLowerCase()
  if (kind === 'connection') {
    return (await storage.findConnection(name))
      ? name
      : (await storage.findConnectionBySlug(slug))?.id
  }
  const organizationId = name as OrganizationId // any text: an unknown one finds nothing
  return (await storage.findOrganization(organizationId))
    ? name
    : (await storage.findOrganizationBySlug(slug))?.id
}
