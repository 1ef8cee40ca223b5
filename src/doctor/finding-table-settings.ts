import { appRegistration, newSecret } from '../errors/registration-facts.ts'
import type { FindingRows } from './finding.ts'
import { ok } from './ok-finding.ts'

export const settingsFindings = {
  settings_understood: ok(
    'The settings are valid; {count} are set, the others have their defaults.',
  ),
  proxy_used: ok('Requests to other machines use the proxy {proxy}, except for hosts in NO_PROXY.'),
  webhook_names_resolved_by_proxy: {
    severity: 'info',
    what: 'The proxy {proxy} resolves the host names of webhook receivers; this machine does not.',
    why: 'Entrada refuses receivers whose address is visibly local. It cannot check where a name leads, so a caller who may create webhooks can reach every address that the proxy allows.',
    fix: 'Let the proxy refuse private, loopback and link-local addresses, whatever the requested name is.',
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
    why: 'If the server runs as another user, it may be able to read the file. If it runs as this user, it does not start.',
    fix: 'Run this as the user that the server runs as, such as `sudo -u entrada …`. If the finding remains, let that user read the file; its contents may be valid.',
  },
  setting_unknown: {
    severity: 'error',
    what: '{problem}',
    why: 'A misspelt setting would silently have no effect, so Entrada does not start.',
    fix: 'Correct the name, or remove it. docs/reference/settings.md lists all settings.',
  },
  secret_is_its_id: {
    severity: 'error',
    what: '{problem}',
    why: 'Entra accepts only the value of a secret. The secret ID is next to it in the portal and looks like one. All sign-ins would fail.',
    fix: `${newSecret(appRegistration)}`,
    whoCanFix: 'application_administrator',
  },
  setting_ignored: {
    severity: 'info',
    what: '{warning}.',
    why: 'Kubernetes sets such variables for a service called "entrada". They do no harm, but are easily mistaken for settings.',
    fix: 'Set `enableServiceLinks: false` in the pod, or rename the service.',
  },
  sessions_not_checked_again: {
    severity: 'info',
    what: 'Sessions are not rechecked with Entra: a user who is disabled there stays signed in here for up to {hours} h.',
    why: 'Without ENTRADA_ENTRA_RECHECK_MINUTES, changes in Entra take effect only at the next sign-in.',
    fix: 'Let an administrator of the directory grant the delegated permission `offline_access`, then set ENTRADA_ENTRA_RECHECK_MINUTES, such as 15. docs/sessions.md describes the requirements and effects.',
  },
  server_url_local: {
    severity: 'info',
    what: 'The public address is {url}, which only this machine can reach.',
    why: 'Users on other machines cannot sign in, because Entra redirects browsers to this address.',
    fix: 'To serve other machines, set ENTRADA_SERVER_URL to the address that users open, such as https://sso.example.com.',
  },
} as const satisfies FindingRows
