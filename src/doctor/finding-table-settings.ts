import { newSecret } from '../errors/registration-facts.ts'
import { appRegistration } from '../identity-provider/entra/protocol/entra-error-table-entry.ts'
import type { FindingRows } from './finding.ts'

export const settingsFindings = {
  settings_understood: {
    severity: 'ok',
    what: 'The settings are understood; {count} are given, the others are at their defaults.',
  },
  proxy_used: {
    severity: 'ok',
    what: 'Requests to other machines leave through the proxy {proxy}, but for hosts that NO_PROXY names.',
  },
  webhook_names_resolved_by_proxy: {
    severity: 'info',
    what: 'Names of receivers of webhooks are resolved by the proxy {proxy}, not here.',
    why: 'Entrada refuses receivers that are local by their spelling. Whether a name leads into your network is then for the rules of the proxy to decide: whoever may create a webhook reaches with it what the proxy lets Entrada reach.',
    fix: 'Let the proxy refuse private, loopback and link-local addresses, whatever name they were asked by.',
  },
  setting_wrong: {
    severity: 'error',
    what: '{problem}',
    why: 'Entrada does not start with a setting that it cannot use.',
    fix: 'Correct it. docs/reference/settings.md describes every setting; all problems are listed here at once.',
  },
  setting_file_not_readable: {
    severity: 'error',
    what: '{problem}',
    why: 'The server reads it if it runs as another user, and does not start if it runs as this one.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If it stays so, let that user read the file; its contents may be in order.',
  },
  setting_unknown: {
    severity: 'error',
    what: '{problem}',
    why: 'A misspelt setting would have no effect without anybody noticing, so Entrada does not start with one.',
    fix: 'Correct the name, or remove it. docs/reference/settings.md has all of them.',
  },
  secret_is_its_id: {
    severity: 'error',
    what: '{problem}',
    why: 'Entra takes only the value of a secret. The ID stands beside it in the portal and looks like one; nobody could sign in.',
    fix: `${newSecret(appRegistration)}`,
    whoCanFix: 'application_administrator',
  },
  setting_ignored: {
    severity: 'info',
    what: '{warning}.',
    why: 'Kubernetes makes such names for a service called "entrada". They do no harm, but hide what is set on purpose.',
    fix: 'Set `enableServiceLinks: false` in the pod, or rename the service.',
  },
  sessions_not_checked_again: {
    severity: 'info',
    what: 'Sessions are not checked against Entra again: who is disabled there stays signed in here for up to {hours} h.',
    why: 'Without ENTRADA_ENTRA_RECHECK_MINUTES, what Entra knows counts at sign-ins alone.',
    fix: 'Let an administrator of the directory grant the delegated permission `offline_access`, then set ENTRADA_ENTRA_RECHECK_MINUTES, such as 15. docs/sessions.md says what it needs and changes.',
  },
  server_url_local: {
    severity: 'info',
    what: 'The public address is {url}, which only this machine can open.',
    why: 'Other people cannot sign in, and Entra sends browsers back to this address.',
    fix: 'For others, set ENTRADA_SERVER_URL to the address people type, such as https://sso.example.com.',
  },
} as const satisfies FindingRows
