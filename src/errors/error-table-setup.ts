/** The refusals of set-up links and of the pages behind them; part of `error-table.ts`. */
import type { ErrorEntry } from './error-table.ts'

export const setupErrors = {
  setup_link_not_found: {
    status: 404,
    shown: 'This set-up link does not exist. Please check that it was copied whole.',
    fix: 'No link has this token: the address is incomplete, or the link was removed long after it ended. Make a new one with `entrada connection invite`.',
  },
  setup_link_ended: {
    status: 410,
    shown: 'This set-up link has ended. Please ask the sender for a new one.',
    fix: 'A link ends after three days, when its connection is turned on, when it is withdrawn, and when a newer one is made. Make a new one with `entrada connection invite`.',
  },
  setup_session_missing: {
    status: 401,
    shown: 'Please open your set-up link again: this browser does not hold it.',
    fix: 'The page of a set-up link needs the cookie that the button behind the link sets: other browser, private window, cookies blocked or cleared. The link itself can be opened again until it ends.',
  },
  setup_superseded: {
    status: 409,
    shown:
      'The set-up was continued in another browser. Please open the link again to continue here.',
    fix: 'The same link was opened later in another browser, and only the last browser can continue. If the customer did not do that, withdraw the link and make a new one; the audit trail has the address.',
  },
  setup_link_not_possible: {
    status: 409,
    shown: 'A set-up link cannot be made for this connection.',
    fix: 'Set-up links exist only for connections that are managed in Entrada, not for the connection of the environment or connections of a file.',
  },
  directory_invalid: {
    status: 400,
    shown: 'This is neither the ID of a directory nor one of its domains.',
    fix: 'Enter the Directory (tenant) ID, or a domain of the directory such as contoso.com: no web address, no email address. Both are on the Overview page of Microsoft Entra ID.',
  },
  directory_is_alias: {
    status: 400,
    shown: 'This name is valid for any directory and does not identify yours.',
    fix: '`common`, `organizations` and `consumers` are aliases of Microsoft. Enter the Directory (tenant) ID from the Overview page of Microsoft Entra ID.',
  },
  directory_is_personal: {
    status: 400,
    shown: 'This is the directory of personal Microsoft accounts.',
    fix: 'Personal accounts belong to no organization. Enter the Directory (tenant) ID from the Overview page of Microsoft Entra ID.',
  },
  directory_not_found: {
    status: 400,
    shown: 'Microsoft knows no directory of this ID or domain.',
    fix: 'Compare it with the Overview page of Microsoft Entra ID, and check that the right cloud is chosen: a directory exists in one only.',
  },
  client_id_invalid: {
    status: 400,
    shown: 'This is not an Application (client) ID.',
    fix: 'It has the form 00000000-0000-0000-0000-000000000000 and is on the Overview page of the application. The Object ID next to it is something else.',
  },
  connection_incomplete: {
    status: 409,
    shown: 'Something is still missing before this can be tried.',
    fix: 'A connection needs the application (client) ID, the directory, and a credential; one of the shared application needs the consent of an administrator.',
  },
  connection_test_elsewhere: {
    status: 409,
    shown: 'This connection can only be tested at its own address.',
    fix: 'A sign-in has to come back to the host where it started. Open this page at the address that the redirect URI of the connection begins with.',
  },
  credential_not_tested: {
    status: 409,
    shown: 'This credential has to be tested before it is used.',
    fix: 'Run a test sign-in with it. The credential that is in use keeps working meanwhile.',
  },
  consent_answer_invalid: {
    status: 400,
    shown: 'The answer to the request for consent could not be understood. Please ask again.',
    fix: 'The callback contained neither consent nor an error, or no directory.',
  },
  shared_tenant_in_use: {
    status: 409,
    shown: 'This directory is connected here already. Please ask the sender of the link.',
    fix: 'With the shared application, a directory can have only one connection that is on. If it needs another one, allow it for this connection (`tenantMayBeShared` in its settings).',
  },
  test_result_not_found: {
    status: 404,
    shown: 'The result of this test is no longer available. Please run it again.',
    fix: 'Results are stored for an hour, and shown only in the browser that started the test.',
  },
} as const satisfies Record<string, ErrorEntry>
