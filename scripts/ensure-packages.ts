/** Before the tests: the packages that only tests and examples need are installed, or this ends with what went wrong. */
import { installPackages, packageFolders } from './install-packages.ts'

try {
  for (const folder of packageFolders) installPackages(folder)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
