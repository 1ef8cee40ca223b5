import { NOT_PERMITTED } from '../errors/file-failure.ts'
import type { Facts, SettingsFacts } from './facts.ts'
import { type Finding, newFinding } from './finding.ts'

/** Reports the problems and warnings of the settings. */
export function diagnoseSettings({ settings, mode }: Facts): readonly Finding[] {
  if (settings === undefined) return []
  const { problems, warnings, settingCount, serverUrl, onlyLocal } = settings
  const isOnlyLocal = serverUrl !== undefined && onlyLocal && mode === 'production'
  return [
    ...problems.map((problem) => newFinding(problemId(problem), { problem })),
    ...(problems.length === 0 ? [newFinding('settings_understood', { count: settingCount })] : []),
    ...warnings.map((warning) => newFinding('setting_ignored', { warning })),
    ...proxy(settings),
    ...unchecked(settings, mode),
    ...(isOnlyLocal ? [newFinding('server_url_local', { url: serverUrl })] : []),
  ]
}

function proxy({ proxy: name, webhooksPrivate }: SettingsFacts): readonly Finding[] {
  if (name === undefined) return []
  const evidence = { proxy: name }
  const byProxy = webhooksPrivate ? [] : [newFinding('webhook_names_resolved_by_proxy', evidence)]
  return [newFinding('proxy_used', evidence), ...byProxy]
}

function unchecked(
  { hasEntra, uncheckedSeconds }: SettingsFacts,
  mode: Facts['mode'],
): readonly Finding[] {
  if (!hasEntra || uncheckedSeconds === undefined || mode !== 'production') return []
  return [newFinding('sessions_not_checked_again', { hours: Math.ceil(uncheckedSeconds / 3600) })]
}

/** Chooses the finding by the words of `stray-settings.ts`, `setting-parsers.ts` and `file-failure.ts`; a test compares them. */
function problemId(problem: string) {
  if (problem.includes(' is not a setting')) return 'setting_unknown'
  if (problem.includes(NOT_PERMITTED)) return 'setting_file_not_readable'
  return problem.includes("shaped like the secret's ID") ? 'secret_is_its_id' : 'setting_wrong'
}
