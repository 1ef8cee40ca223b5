import type { DomainJson } from '../api/resources/domains.ts'
import { EntradaError } from '../errors/errors.ts'
import { withAdministration } from './admin-connection.ts'
import type { AdminConnection } from './api-connection.ts'
import {
  type CliArguments,
  type CliContext,
  type Command,
  devOption,
  type ExitCode,
  jsonOption,
  ofOrganizationOption,
  textOption,
} from './command.ts'
import { listOptions, listQuery, printList } from './print-table.ts'

const common = { ...jsonOption, ...devOption }
const organizationOption = {
  organization: {
    type: 'string',
    help: 'Id of the organization, where several have named the domain.',
  },
} as const

export const domainCommands: readonly Command[] = [
  {
    name: 'domain list',
    summary: 'List domains of organizations, newest first.',
    options: {
      ...common,
      ...listOptions,
      ...ofOrganizationOption,
      status: { type: 'string', help: 'pending, proven or lost.' },
    },
    run: (context, given) =>
      withAdministration(context, given, async ({ listDomains }) => {
        const [organization, status] = [
          textOption(given, 'organization'),
          textOption(given, 'status'),
        ]
        const domains = await listDomains({ ...listQuery(given), organization, status })
        return printList(context, given, { list: domains, header, row })
      }),
  },
  {
    name: 'domain add',
    parameters: 'NAME --organization ID',
    summary: 'Name a domain for an organization, and say what to put into DNS.',
    options: {
      ...common,
      organization: {
        type: 'string',
        sentAs: 'organizationId',
        help: 'Id or slug of the organization.',
      },
      connection: {
        type: 'string',
        sentAs: 'connectionId',
        help: 'Id of the connection that its people go to; else any of the organization.',
      },
    },
    positionals: 1,
    run: (context, given) =>
      withAdministration(context, given, async ({ addDomain }) => {
        const connectionId = textOption(given, 'connection')
        const domain = await addDomain({
          organizationId: textOption(given, 'organization') ?? '',
          name: given.positionals[0] ?? '',
          ...(connectionId ? { connectionId } : {}),
        })
        return printDomain(context, given, domain)
      }),
  },
  {
    name: 'domain verify',
    parameters: 'NAME',
    summary: 'Look a domain up in DNS now, or take it for proven on your word.',
    options: {
      ...common,
      ...organizationOption,
      'by-operator': { type: 'boolean', help: 'Without DNS: you know whose domain it is.' },
    },
    positionals: 1,
    run: (context, given) =>
      withDomain(context, given, async ({ id }, { verifyDomain, vouchForDomain }) => {
        const prove = given.values['by-operator'] ? vouchForDomain : verifyDomain
        return printDomain(context, given, await prove(id))
      }),
  },
  {
    name: 'domain remove',
    parameters: 'NAME',
    summary: 'Take a domain away from its organization.',
    options: { ...common, ...organizationOption },
    positionals: 1,
    run: (context, given) =>
      withDomain(context, given, async ({ id, name }, { removeDomain }) => {
        await removeDomain(id)
        context.print(given.values.json ? JSON.stringify({ removed: id }) : `removed ${name}`)
        return 0
      }),
  },
]

/** The domain of this name. @throws {EntradaError} `record_not_found`; `request_invalid` where it could be one of several */
function withDomain(
  context: CliContext,
  given: CliArguments,
  work: (domain: DomainJson, administration: AdminConnection) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withAdministration(context, given, async (administration) => {
    const [name, organization] = [given.positionals[0], textOption(given, 'organization')]
    const { items } = await administration.listDomains({ name, organization })
    const [domain, another] = items
    if (domain === undefined) throw new EntradaError('record_not_found')
    if (another !== undefined) {
      const problems = items.map(({ organizationId }) => `--organization ${organizationId}`)
      throw new EntradaError('request_invalid', { parameter: '--organization', problems })
    }
    return work(domain, administration)
  })
}

const header = ['ID', 'NAME', 'ORGANIZATION', 'STATUS', 'PROOF', 'CHECKED']

function row({ id, name, organizationId, status, proof, checkedAt }: DomainJson): string[] {
  return [id, name, organizationId, status, proof ?? '-', checkedAt ?? 'never']
}

function printDomain({ print }: CliContext, given: CliArguments, domain: DomainJson): ExitCode {
  if (given.values.json) {
    print(JSON.stringify(domain))
    return 0
  }
  const { id, name, organizationId, connectionId, status, record } = domain
  print(`${id}  ${name}  ${status}`)
  print(`  of ${organizationId}${connectionId ? `, people go to ${connectionId}` : ''}`)
  if (status !== 'proven') {
    print(`  The customer adds this record to DNS, and then: entrada domain verify ${name}`)
    print(`    ${record.name}  ${record.type}  ${record.value}`)
  }
  return 0
}
