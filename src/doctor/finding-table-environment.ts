import { appRegistration } from '../identity-provider/entra/protocol/entra-error-table-entry.ts'
import type { FindingRows } from './finding.ts'

export const environmentFindings = {
  proxies_trust_everybody: {
    severity: 'error',
    what: 'ENTRADA_TRUSTED_PROXIES trusts a good part of all addresses:',
    why: 'Every client can then write an address of its choice into X-Forwarded-For, so limits by address do not hold and the audit trail names made-up addresses. It can also claim to be the reverse proxy that asks about a page.',
    fix: 'Name the addresses from which your reverse proxies connect, such as 127.0.0.1 or 10.0.3.0/24. In a cluster: the network of its pods.',
  },
  tenant_is_client_id: {
    severity: 'error',
    what: 'ENTRADA_ENTRA_TENANT_ID and ENTRADA_ENTRA_CLIENT_ID are the same id, {id}.',
    why: 'A directory and an application never share an id: one of them was pasted twice. Nobody can sign in.',
    fix: `Copy both from ${appRegistration} > Overview: "Directory (tenant) ID" and "Application (client) ID".`,
  },
  public_url_repeated: {
    severity: 'warning',
    what: 'ENTRADA_ENTRA_EXTRA_URLS repeats a public address:',
    why: 'It adds nothing, so the address that was meant is probably missing: people who come there are refused with 421.',
    fix: 'Put the other address in its place, or take it out.',
  },
  log_silent: {
    severity: 'warning',
    what: 'ENTRADA_LOG_LEVEL is `silent`: nothing is logged.',
    why: 'Refusals, an altered audit trail and credentials that end are reported in the log, and would go unnoticed.',
    fix: 'Set ENTRADA_LOG_LEVEL=info, or leave it out.',
  },
  log_verbose: {
    severity: 'info',
    what: 'ENTRADA_LOG_LEVEL is `debug`.',
    why: 'The log grows with each request and names more about people than operation needs. Secrets are left out at every level.',
    fix: 'Set ENTRADA_LOG_LEVEL=info once you have found what you look for.',
  },
  certificates_not_checked: {
    severity: 'error',
    what: 'NODE_TLS_REJECT_UNAUTHORIZED is 0: no TLS certificate is checked, not even that of Entra.',
    why: 'A machine on the way to Entra can answer in its place: it signs in as anybody, and learns the client secret.',
    fix: 'Remove it. For an authority of your company, name its certificate in NODE_EXTRA_CA_CERTS.',
  },
  debugger_open: {
    severity: 'error',
    what: 'NODE_OPTIONS opens the debugger of Node.js (`--inspect`).',
    why: 'A program that reaches that port reads every secret in memory and runs code as the server.',
    fix: 'Remove `--inspect` from NODE_OPTIONS.',
  },
  extra_certificates_not_read: {
    severity: 'warning',
    what: 'NODE_EXTRA_CA_CERTS names {file}, which {reason}.',
    why: 'Node.js goes on without these certificates, so connections to a company proxy or an authority of your own fail.',
    fix: 'Correct the path, let this user read the file, and see that it holds certificates in PEM form.',
  },
} as const satisfies FindingRows
