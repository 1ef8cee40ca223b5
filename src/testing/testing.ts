/** `entrada/testing`: for the tests of applications that embed Entrada. */

export { type SignedIn, signInAs, type TestPerson } from './sign-in-as.ts'
export { createTestClock, type TestClock } from './test-clock.ts'
export { testOptions } from './test-options.ts'
