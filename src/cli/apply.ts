import type { OrganizationJson } from '../api/resources/organizations.ts'
import { applyStep, type ReadSecret, readCurrent, secretsOf } from '../apply/apply.ts'
import { parseConfiguration, type ReadConfiguration } from '../apply/configuration-file.ts'
import { describeLeft, describeStep } from '../apply/describe-plan.ts'
import { configurationText } from '../apply/export.ts'
import { type Plan, planOf, type Step } from '../apply/plan.ts'
import type { EntradaClient } from '../client/client.ts'
import type { ConnectionJson } from '../connections/connection-schema.ts'
import { EntradaError, isEntradaError } from '../errors/errors.ts'
import { cannotBeRead } from '../errors/file-failure.ts'
import { withApi } from './admin-connection.ts'
import {
  apiOptions,
  type CliArguments,
  type CliContext,
  type Command,
  devOption,
  type ExitCode,
  textOption,
} from './command.ts'
import { notValid } from './command-failure.ts'
import { readReference } from './secret-reference.ts'

export const applyCommands: readonly Command[] = [
  {
    name: 'apply',
    parameters: '--file FILE',
    summary:
      'Change organizations and connections to match a file. Shows the changes; --yes makes them.',
    options: {
      ...apiOptions,
      file: { short: 'f', help: 'YAML or JSON; see docs/apply.md.' },
      yes: { type: 'boolean', help: 'Make the changes.' },
      prune: {
        type: 'boolean',
        help: 'Also remove connections and credentials that the file no longer names.',
      },
      'take-over': {
        type: 'boolean',
        help: 'Let the file manage connections that were made by hand.',
      },
    },
    run: (context, args) => {
      const read = readConfiguration(context, args)
      const readSecret = secretReader(context)
      checkSecrets(read, readSecret)
      return withApi(context, args, async ({ retryingClient }) => {
        const client = retryingClient('file')
        const plan = await readPlan(client, read, { args, readSecret })
        return carryOut(context, args, { plan, client, readSecret })
      })
    },
  },
  {
    name: 'export',
    summary: 'Print organizations and connections as a file for `entrada apply`, without secrets.',
    options: {
      ...devOption,
      organization: { help: 'Only this organization, by id.' },
    },
    run: (context, args) =>
      withApi(context, args, async ({ retryingClient }) => {
        const organization = textOption(args, 'organization')
        const { organizations, connections } = await readAll(retryingClient(), organization)
        const text = configurationText(organizations, connections)
        for (const line of text.trimEnd().split('\n')) context.print(line)
        return 0
      }),
  },
]

/** @throws {EntradaError} `configuration_invalid`, `request_invalid` */
function readConfiguration({ readTextFile }: CliContext, args: CliArguments): ReadConfiguration {
  const path = textOption(args, 'file')
  if (path === undefined) throw notValid('file', 'name a file')
  let text: string
  try {
    text = readTextFile(path)
  } catch (cause) {
    throw new EntradaError(
      'configuration_invalid',
      { problems: [`${path} ${cannotBeRead(cause)}`] },
      { cause },
    )
  }
  return parseConfiguration(text)
}

/** Reads each reference only once. */
function secretReader(context: CliContext): ReadSecret {
  const secrets = new Map<string, string>()
  return (reference) => {
    const secret = secrets.get(reference) ?? readReference(context, reference)
    secrets.set(reference, secret)
    return secret
  }
}

/** Checks every secret before the first change: a secret that is missing later would leave an unusable connection. */
function checkSecrets({ configuration }: ReadConfiguration, readSecret: ReadSecret): void {
  const problems = secretsOf(configuration).flatMap(([id, reference]) => {
    try {
      readSecret(reference)
      return []
    } catch (error) {
      if (!isEntradaError(error)) throw error
      return [`connection ${id}: ${reference}: ${(error.detail.problems as string[])[0]}`] // as readReference makes it
    }
  })
  if (problems.length > 0) throw new EntradaError('configuration_invalid', { problems })
}

async function readPlan(
  client: EntradaClient,
  { configuration, at }: ReadConfiguration,
  { args, readSecret }: { readonly args: CliArguments; readonly readSecret: ReadSecret },
): Promise<Plan> {
  const current = await readCurrent(client, configuration, readSecret)
  const plan = planOf(configuration, current, {
    prune: args.values.prune === true,
    takeOver: args.values['take-over'] === true,
  })
  if (plan.problems.length === 0) return plan
  throw new EntradaError('configuration_invalid', { problems: plan.problems.map(at) })
}

type Work = {
  readonly plan: Plan
  readonly client: EntradaClient
  readonly readSecret: ReadSecret
}

async function carryOut(context: CliContext, args: CliArguments, work: Work): Promise<ExitCode> {
  const { plan } = work
  const json = args.values.json === true
  const isConfirmed = args.values.yes === true
  if (!json) {
    for (const step of plan.steps) context.print(describeStep(step))
    for (const line of describeLeft(plan)) context.print(line)
  }
  const waiting = isConfirmed ? await applyAll(context, work, { json }) : []
  if (json) {
    const steps = plan.steps.map((step) => ({
      kind: step.kind,
      id: step.id,
      does: describeStep(step),
    }))
    const result = {
      steps,
      left: plan.left,
      applied: isConfirmed,
      waiting: waiting.map(({ id }) => id),
    }
    context.print(JSON.stringify(result))
  } else context.print(summary(plan, { isConfirmed, waiting }))
  return waiting.length > 0 ? 1 : 0
}

/** Applies the steps and returns those that wait for a test. If a step fails, the earlier steps stay applied and are skipped next time. */
async function applyAll(
  { printError }: CliContext,
  { plan, client, readSecret }: Work,
  { json }: { readonly json: boolean },
): Promise<readonly Step[]> {
  const waiting: Step[] = []
  for (const [index, step] of plan.steps.entries()) {
    try {
      if ((await applyStep(client, step, readSecret)) === 'waiting') waiting.push(step)
    } catch (error) {
      if (!json)
        printError(`entrada: after ${index} of ${plan.steps.length} steps: ${describeStep(step)}`)
      throw error
    }
  }
  return waiting
}

function summary(
  { steps }: Plan,
  { isConfirmed, waiting }: { readonly isConfirmed: boolean; readonly waiting: readonly Step[] },
): string {
  if (steps.length === 0) return 'Everything matches the file.'
  if (!isConfirmed) return `${steps.length} steps. Nothing was changed; --yes does it.`
  if (waiting.length === 0) return `Done, ${steps.length} steps.`
  const ids = waiting.map(({ id }) => id).join(', ')
  return `Done, but a test sign-in has to succeed before these can be turned on: ${ids}. Test them, and apply again.`
}

async function readAll(client: EntradaClient, only: string | undefined) {
  const organizations: OrganizationJson[] = []
  if (only === undefined) {
    for await (const organization of client.all('listOrganizations', { query: { limit: 200 } })) {
      organizations.push(organization)
    }
  } else organizations.push(await client.getOrganization({ params: { id: only } }))
  const connections: ConnectionJson[] = []
  const query = { limit: 200, organization: only }
  for await (const connection of client.all('listConnections', { query }))
    connections.push(connection)
  // Oldest first, so that newer records are added at the end of the file.
  return { organizations: organizations.reverse(), connections: connections.reverse() }
}
