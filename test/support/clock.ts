import { createTestClock, type TestClock } from '../../src/testing/test-clock.ts'

export type Clock = TestClock
export const stoppedClock = createTestClock
