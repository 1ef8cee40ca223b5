import type { DomainJson } from '../api/resources/domains.ts'
import type { EntradaClient } from '../client/client.ts'
import { EntradaError } from '../errors/errors.ts'
import { withApi } from './admin-connection.ts'
import { apiCommand } from './api-command.ts'
import {
  apiOptions,
  type CliArguments,
  type CliContext,
  type Command,
  type ExitCode,
  ofOrganizationOption,
  pageOptions,
  textOption,
} from './command.ts'
import { type Answer, printAnswer } from './print-answer.ts'

const whichDomainOptions = {
  ...apiOptions,
  organization: { help: 'Id of the organization, if several have added the domain.' },
} as const

export const domainCommands: readonly Command[] = [
  apiCommand({
    name: 'domain list',
    summary: 'List domains of organizations, newest first.',
    operation: 'listDomains',
    options: {
      ...pageOptions,
      ...ofOrganizationOption,
      status: { help: 'pending, proven or lost.' },
    },
    columns: {
      ID: ({ id }) => id,
      NAME: ({ name }) => name,
      ORGANIZATION: ({ organizationId }) => organizationId,
      STATUS: ({ status }) => status,
      PROOF: ({ proof }) => proof,
      CHECKED: ({ checkedAt }) => checkedAt ?? 'never',
    },
  }),
  apiCommand({
    name: 'domain add',
    summary: 'Add a domain to an organization, and print the DNS record that proves it.',
    operation: 'addDomain',
    arguments: { NAME: 'name' },
    needs: '--organization ID',
    options: {
      organization: { sentAs: 'organizationId', help: 'Id or slug of the organization.' },
      connection: {
        sentAs: 'connectionId',
        help: 'Id of the connection for people of this domain; default: any of the organization.',
      },
    },
    lines: domainLines,
  }),
  {
    name: 'domain verify',
    parameters: 'NAME',
    summary: 'Verify a domain in DNS now, or mark it as proven without DNS.',
    options: {
      ...whichDomainOptions,
      'by-operator': {
        type: 'boolean',
        help: 'Mark the domain as proven without DNS, because you know who owns it.',
      },
    },
    positionals: 1,
    run: (context, args) =>
      withDomain(context, args, async ({ id }, client) => {
        const proven = args.values['by-operator']
          ? await client.vouchForDomain({ params: { id } })
          : await client.verifyDomain({ params: { id } })
        return { json: proven, lines: domainLines(proven) }
      }),
  },
  {
    name: 'domain remove',
    parameters: 'NAME',
    summary: 'Remove a domain from its organization.',
    options: whichDomainOptions,
    positionals: 1,
    run: (context, args) =>
      withDomain(context, args, async ({ id, name }, client) => {
        await client.removeDomain({ params: { id } })
        return { json: { removed: id }, lines: [`removed ${name}`] }
      }),
  },
]

/** Runs `work` with the domain of this name. @throws {EntradaError} `record_not_found`; `request_invalid` if several have the name */
function withDomain(
  context: CliContext,
  args: CliArguments,
  work: (domain: DomainJson, client: EntradaClient) => Promise<Answer>,
): Promise<ExitCode> {
  return withApi(context, args, async ({ client }) => {
    const [name] = args.positionals
    const { items } = await client.listDomains({
      query: { name, organization: textOption(args, 'organization') },
    })
    const [domain, another] = items
    if (domain === undefined) throw new EntradaError('record_not_found')
    if (another !== undefined) {
      const problems = items.map(({ organizationId }) => `--organization ${organizationId}`)
      throw new EntradaError('request_invalid', { parameter: '--organization', problems })
    }
    return printAnswer(context, args, await work(domain, client))
  })
}

function domainLines(domain: DomainJson): readonly string[] {
  const { id, name, organizationId, connectionId, status, record } = domain
  return [
    `${id}  ${name}  ${status}`,
    `  of ${organizationId}${connectionId ? `, people go to ${connectionId}` : ''}`,
    ...(status === 'proven'
      ? []
      : [
          `  The customer adds this record to DNS, and then: entrada domain verify ${name}`,
          `    ${record.name}  ${record.type}  ${record.value}`,
        ]),
  ]
}
