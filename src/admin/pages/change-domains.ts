/** The forms for the domains of an organization: add, prove by DNS or by an operator's word, remove. */
import { EntradaError } from '../../errors/errors.ts'
import type { Exchange } from '../../http/exchange.ts'
import {
  addDomain,
  removeDomain,
  verifyDomain,
  vouchForDomain,
} from '../../organizations/domains.ts'
import type { Services } from '../../services.ts'
import type { DomainId, Organization } from '../../storage/records.ts'
import { done, type Flash } from './flash.ts'
import { answerForm } from './form-parts.ts'
import { getOrganization, organizationPage } from './organization-page.ts'
import { checkMay, idIn, openForm, type SentForm } from './page-access.ts'

/** Answers POST …/domains: adds a domain. */
export async function addDomainFromForm(services: Services, exchange: Exchange): Promise<Response> {
  const sent = await openForm(services, exchange)
  return changing(services, exchange, sent, async ({ id }) => {
    await addDomain(services, sent.by, { organization: id, name: sent.read('domain') })
    return 'domain_added'
  })
}

/** Answers POST …/domains/DOMAIN: `do` is `verify`, `vouch` or `remove`. */
export async function changeDomain(services: Services, exchange: Exchange): Promise<Response> {
  const sent = await openForm(services, exchange)
  return changing(services, exchange, sent, async (organization) => {
    const domain = await services.storage.findDomain(idIn(exchange, 'domain') as DomainId) // any text
    if (domain?.organizationId !== organization.id) throw new EntradaError('record_not_found')
    switch (sent.read('do')) {
      case 'verify':
        await verifyDomain(services, sent.by, domain.id)
        return 'domain_proven'
      case 'vouch':
        checkMay(sent.viewer, 'domains:vouch', 'deployment')
        await vouchForDomain(services, sent.by, domain.id)
        return 'domain_proven'
      case 'remove':
        await removeDomain(services, sent.by, domain.id)
        return 'domain_removed'
      default:
        throw new EntradaError('request_invalid', { parameter: 'do' })
    }
  })
}

async function changing(
  services: Services,
  exchange: Exchange,
  { viewer, form }: SentForm,
  change: (organization: Organization) => Promise<Flash>,
): Promise<Response> {
  const organization = await getOrganization(services, exchange, viewer)
  checkMay(viewer, 'domains:write', { organizationId: organization.id })
  return answerForm(form, {
    async carryOut() {
      const flash = await change(organization)
      return done(services, exchange, { flash, to: `/admin/organizations/${organization.id}` })
    },
    again: (leftover, status) =>
      organizationPage(services, exchange, { viewer, organization, leftover, status }),
  })
}
