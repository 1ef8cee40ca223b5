import { appRegistration } from '../errors/registration-facts.ts'
import type { FindingRows } from './finding.ts'

export const environmentFindings = {
  proxies_trust_everybody: {
    severity: 'error',
    what: 'ENTRADA_TRUSTED_PROXIES trusts a large part of all addresses:',
    why: 'Every client can then send an X-Forwarded-For with any address, so limits by address have no effect and the audit trail contains made-up addresses. A client can also pretend to be the reverse proxy that asks about a page.',
    fix: 'Name the addresses from which your reverse proxies connect, such as 127.0.0.1 or 10.0.3.0/24. In a cluster: the network of its pods.',
  },
  tenant_is_client_id: {
    severity: 'error',
    what: 'ENTRADA_ENTRA_TENANT_ID and ENTRADA_ENTRA_CLIENT_ID are the same id, {id}.',
    why: 'A directory and an application never have the same id: one of them was pasted twice. All sign-ins fail.',
    fix: `Copy both from ${appRegistration} > Overview: "Directory (tenant) ID" and "Application (client) ID".`,
  },
  public_url_repeated: {
    severity: 'warning',
    what: 'ENTRADA_ENTRA_EXTRA_URLS repeats a public address:',
    why: 'The repetition has no effect, so the intended address is probably missing, and requests to that address are refused with 421.',
    fix: 'Replace it with the other address, or remove it.',
  },
  log_silent: {
    severity: 'warning',
    what: 'ENTRADA_LOG_LEVEL is `silent`: nothing is logged.',
    why: 'Refusals, an altered audit trail and expiring credentials are reported in the log only, and would go unnoticed.',
    fix: 'Set ENTRADA_LOG_LEVEL=info, or remove the setting.',
  },
  log_verbose: {
    severity: 'info',
    what: 'ENTRADA_LOG_LEVEL is `debug`.',
    why: 'The log grows with each request and contains more personal data than operation needs. Secrets are left out at every level.',
    fix: 'Set ENTRADA_LOG_LEVEL=info when you have found what you are looking for.',
  },
  certificates_not_checked: {
    severity: 'error',
    what: 'NODE_TLS_REJECT_UNAUTHORIZED is 0: no TLS certificate is checked, not even that of Entra.',
    why: 'A machine on the way to Entra can answer in its place: it can sign in as any user, and receives the client secret.',
    fix: 'Remove it. If your company has its own certificate authority, name its certificate in NODE_EXTRA_CA_CERTS.',
  },
  debugger_open: {
    severity: 'error',
    what: 'NODE_OPTIONS opens the debugger of Node.js (`--inspect`).',
    why: 'Any program that reaches that port can read every secret in memory and run code as the server.',
    fix: 'Remove `--inspect` from NODE_OPTIONS.',
  },
  extra_certificates_not_read: {
    severity: 'warning',
    what: 'NODE_EXTRA_CA_CERTS names {file}, which {reason}.',
    why: "Node.js continues without these certificates, so connections that need your company's certificate authority fail.",
    fix: 'Correct the path, let this user read the file, and check that it contains certificates in PEM format.',
  },
} as const satisfies FindingRows
